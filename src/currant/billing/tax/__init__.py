"""Which taxes are on a supply: VAT, GST, sales tax and excises, as pure rules behind one port."""
