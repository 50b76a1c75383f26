"""What limits the charging at stations: installed profiles, outside limits, controls of energy resources."""
