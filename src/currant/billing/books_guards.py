"""What the database itself refuses in the ledger, in the words of SQLite and of PostgreSQL.

An entry whose legs do not sum to nothing in each currency; a leg that is in no entry; any change or
removal of an entry or a leg; any change of a hold that is settled. PostgreSQL could look at the legs
when a transaction commits, by a deferred trigger; but a look makes serializable transactions that
book side by side turn each other back, and an entry that carries its legs needs none.

The migration that makes these tables says the same; a test compares the two.
"""

_SQLITE = {
    "ledger_entries": (
        # As ON CONFLICT DO NOTHING, also for those who say OR REPLACE.
        """CREATE TRIGGER ledger_entries_once BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries e WHERE e.tenant_id = NEW.tenant_id
  AND e.source_type = NEW.source_type AND e.source_id = NEW.source_id AND e.purpose = NEW.purpose)
BEGIN SELECT RAISE(IGNORE); END""",
        """CREATE TRIGGER ledger_entries_known BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries e WHERE e.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'ledger: an entry is never replaced'); END""",
        """CREATE TRIGGER ledger_entries_balanced BEFORE INSERT ON ledger_entries
WHEN json_array_length(NEW.legs) < 2
  OR EXISTS (SELECT 1 FROM json_each(NEW.legs) leg
    WHERE coalesce(json_type(leg.value, '$[3]') <> 'integer', 1) OR json_extract(leg.value, '$[3]') = 0)
  OR EXISTS (SELECT 1 FROM json_each(NEW.legs) leg GROUP BY json_extract(leg.value, '$[2]')
    HAVING sum(json_extract(leg.value, '$[3]')) <> 0)
BEGIN SELECT RAISE(ABORT, 'ledger: an entry must balance in each currency'); END""",
        """CREATE TRIGGER ledger_entries_spread AFTER INSERT ON ledger_entries
BEGIN INSERT INTO ledger_legs (entry_id, line, tenant_id, kind, owner, currency, amount)
  SELECT NEW.id, leg.key, NEW.tenant_id, json_extract(leg.value, '$[0]'),
    json_extract(leg.value, '$[1]'), json_extract(leg.value, '$[2]'), json_extract(leg.value, '$[3]')
  FROM json_each(NEW.legs) leg; END""",
        """CREATE TRIGGER ledger_entries_unchanged BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger: entries are never changed'); END""",
        """CREATE TRIGGER ledger_entries_kept BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger: entries are never removed'); END""",
    ),
    "ledger_legs": (
        """CREATE TRIGGER ledger_legs_of_entry BEFORE INSERT ON ledger_legs
WHEN EXISTS (SELECT 1 FROM ledger_legs l WHERE l.entry_id = NEW.entry_id AND l.line = NEW.line)
  OR NOT EXISTS (SELECT 1 FROM ledger_entries e, json_each(e.legs) leg
    WHERE e.id = NEW.entry_id AND e.tenant_id = NEW.tenant_id AND leg.key = NEW.line
    AND json_extract(leg.value, '$[0]') = NEW.kind AND json_extract(leg.value, '$[1]') = NEW.owner
    AND json_extract(leg.value, '$[2]') = NEW.currency AND json_extract(leg.value, '$[3]') = NEW.amount)
BEGIN SELECT RAISE(ABORT, 'ledger: legs come with their entry alone'); END""",
        """CREATE TRIGGER ledger_legs_unchanged BEFORE UPDATE ON ledger_legs
BEGIN SELECT RAISE(ABORT, 'ledger: legs are never changed'); END""",
        """CREATE TRIGGER ledger_legs_kept BEFORE DELETE ON ledger_legs
BEGIN SELECT RAISE(ABORT, 'ledger: legs are never removed'); END""",
    ),
    "ledger_holds": (
        """CREATE TRIGGER ledger_holds_settled BEFORE UPDATE ON ledger_holds
WHEN OLD.state <> 'open' OR NEW.id <> OLD.id OR NEW.tenant_id <> OLD.tenant_id OR NEW.kind <> OLD.kind
  OR NEW.owner <> OLD.owner OR NEW.currency <> OLD.currency OR NEW.source_type <> OLD.source_type
  OR NEW.source_id <> OLD.source_id OR NEW.placed_at <> OLD.placed_at
BEGIN SELECT RAISE(ABORT, 'ledger: a hold is settled once'); END""",
        """CREATE TRIGGER ledger_holds_kept BEFORE DELETE ON ledger_holds
BEGIN SELECT RAISE(ABORT, 'ledger: holds are never removed'); END""",
    ),
}

_POSTGRESQL = {
    "ledger_entries": (
        """CREATE OR REPLACE FUNCTION currant_ledger_spread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF jsonb_array_length(NEW.legs::jsonb) < 2
    OR EXISTS (SELECT 1 FROM jsonb_array_elements(NEW.legs::jsonb) leg
      WHERE (leg->>3)::bigint = 0 OR leg->>3 IS NULL)
    OR EXISTS (SELECT 1 FROM jsonb_array_elements(NEW.legs::jsonb) leg GROUP BY leg->>2
      HAVING sum((leg->>3)::bigint) <> 0)
  THEN RAISE EXCEPTION 'ledger: an entry must balance in each currency' USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO ledger_legs (entry_id, line, tenant_id, kind, owner, currency, amount)
    SELECT NEW.id, leg.at - 1, NEW.tenant_id, leg.value->>0, leg.value->>1, leg.value->>2,
      (leg.value->>3)::bigint
    FROM jsonb_array_elements(NEW.legs::jsonb) WITH ORDINALITY AS leg(value, at);
  RETURN NULL;
END $$""",
        """CREATE OR REPLACE FUNCTION currant_ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: what is booked is never changed or removed' USING ERRCODE = 'check_violation';
END $$""",
        """CREATE TRIGGER ledger_entries_spread AFTER INSERT ON ledger_entries
FOR EACH ROW EXECUTE FUNCTION currant_ledger_spread()""",
        """CREATE TRIGGER ledger_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION currant_ledger_kept()""",
    ),
    "ledger_legs": (
        """CREATE OR REPLACE FUNCTION currant_ledger_leg() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'ledger: legs come with their entry alone' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$""",
        """CREATE OR REPLACE FUNCTION currant_ledger_leg_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: legs are never changed or removed' USING ERRCODE = 'check_violation';
END $$""",
        """CREATE TRIGGER ledger_legs_of_entry BEFORE INSERT ON ledger_legs
FOR EACH STATEMENT EXECUTE FUNCTION currant_ledger_leg()""",
        """CREATE TRIGGER ledger_legs_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_legs
FOR EACH STATEMENT EXECUTE FUNCTION currant_ledger_leg_kept()""",
    ),
    "ledger_holds": (
        """CREATE OR REPLACE FUNCTION currant_ledger_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR OLD.state <> 'open'
    OR (NEW.id, NEW.tenant_id, NEW.kind, NEW.owner, NEW.currency, NEW.source_type, NEW.source_id, NEW.placed_at)
    IS DISTINCT FROM
    (OLD.id, OLD.tenant_id, OLD.kind, OLD.owner, OLD.currency, OLD.source_type, OLD.source_id, OLD.placed_at)
  THEN RAISE EXCEPTION 'ledger: a hold is settled once and never removed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
        """CREATE TRIGGER ledger_holds_settled BEFORE UPDATE OR DELETE ON ledger_holds
FOR EACH ROW EXECUTE FUNCTION currant_ledger_hold()""",
    ),
}

TABLES = tuple(_SQLITE)


def guards(dialect: str, table: str) -> tuple[str, ...]:
    """The statements that guard a table of the ledger, to be run once it exists."""
    return (_SQLITE if dialect == "sqlite" else _POSTGRESQL)[table]
