"""How facts travel once they are durable: to subscribers (`delivery`) and to screens (`live`)."""
