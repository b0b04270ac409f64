-- Books as version 1 of the schema left them. Never changed: such files are out there.
PRAGMA journal_mode = WAL;
CREATE TABLE house (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  revenue INTEGER NOT NULL CHECK (revenue >= 0),
  outside INTEGER NOT NULL CHECK (outside <= 0)
) STRICT;
CREATE TABLE tenants (
  id INTEGER PRIMARY KEY,
  available INTEGER NOT NULL CHECK (available >= 0),
  held INTEGER NOT NULL CHECK (held >= 0),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  chain BLOB
) STRICT;
CREATE TABLE keys (
  id INTEGER PRIMARY KEY,
  open INTEGER NOT NULL CHECK (open >= 0),
  requests BLOB,
  tokens BLOB
) STRICT;
CREATE TABLE months (
  key INTEGER NOT NULL,
  month INTEGER NOT NULL,
  spent INTEGER NOT NULL CHECK (spent >= 0),
  held INTEGER NOT NULL CHECK (held >= 0),
  PRIMARY KEY (key, month)
) STRICT, WITHOUT ROWID;
CREATE TABLE holds (
  request BLOB NOT NULL PRIMARY KEY CHECK (length(request) = 16),
  tenant INTEGER NOT NULL,
  key INTEGER NOT NULL,
  model INTEGER NOT NULL,
  price_list INTEGER NOT NULL,
  price_input INTEGER NOT NULL CHECK (price_input >= 0),
  price_cached INTEGER NOT NULL CHECK (price_cached >= 0),
  price_output INTEGER NOT NULL CHECK (price_output >= 0),
  idempotency BLOB,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  held_at INTEGER NOT NULL,
  reserved_at INTEGER NOT NULL,
  input INTEGER NOT NULL CHECK (input >= 0),
  output_granted INTEGER NOT NULL CHECK (output_granted >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE claims (
  tenant INTEGER NOT NULL,
  key BLOB NOT NULL,
  request BLOB NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE postings (
  id INTEGER PRIMARY KEY,
  request BLOB NOT NULL CHECK (length(request) = 16),
  from_kind INTEGER NOT NULL,
  from_tenant INTEGER NOT NULL,
  to_kind INTEGER NOT NULL,
  to_tenant INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  time INTEGER NOT NULL,
  kind INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX top_ups ON postings (request) WHERE kind <= 2;
CREATE INDEX top_ups_in ON postings (to_tenant, time) WHERE kind = 1;
CREATE INDEX top_ups_out ON postings (from_tenant, time) WHERE kind = 2;
CREATE TABLE voids (
  request BLOB NOT NULL PRIMARY KEY CHECK (length(request) = 16),
  tenant INTEGER NOT NULL,
  time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE artefacts (
  id INTEGER PRIMARY KEY,
  weights BLOB NOT NULL,
  tokenizer BLOB NOT NULL,
  UNIQUE (weights, tokenizer)
) STRICT;
CREATE TABLE receipts (
  tenant INTEGER NOT NULL,
  time INTEGER NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  id BLOB NOT NULL CHECK (length(id) = 16),
  key INTEGER NOT NULL,
  model INTEGER NOT NULL,
  price_list INTEGER NOT NULL,
  price_input INTEGER NOT NULL CHECK (price_input >= 0),
  price_cached INTEGER NOT NULL CHECK (price_cached >= 0),
  price_output INTEGER NOT NULL CHECK (price_output >= 0),
  artefacts INTEGER NOT NULL,
  output BLOB,
  previous BLOB,
  held_at INTEGER NOT NULL,
  charge INTEGER NOT NULL CHECK (charge >= 0),
  balance_after INTEGER NOT NULL CHECK (balance_after >= 0),
  input INTEGER NOT NULL CHECK (input >= 0),
  cached INTEGER NOT NULL CHECK (cached BETWEEN 0 AND input),
  output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
  end_reason INTEGER NOT NULL,
  PRIMARY KEY (tenant, time, sequence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX receipts_by_id ON receipts (id);
CREATE TABLE usage_hours (
  tenant INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  key INTEGER NOT NULL,
  model INTEGER NOT NULL,
  price_list INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  output INTEGER NOT NULL,
  charge INTEGER NOT NULL,
  PRIMARY KEY (tenant, hour, key, model, price_list)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER postings_no_UPDATE BEFORE UPDATE ON postings BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
CREATE TRIGGER postings_no_DELETE BEFORE DELETE ON postings BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
CREATE TRIGGER receipts_no_UPDATE BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
CREATE TRIGGER receipts_no_DELETE BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
CREATE TRIGGER voids_no_UPDATE BEFORE UPDATE ON voids BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
CREATE TRIGGER voids_no_DELETE BEFORE DELETE ON voids BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
CREATE TRIGGER artefacts_no_UPDATE BEFORE UPDATE ON artefacts BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
CREATE TRIGGER artefacts_no_DELETE BEFORE DELETE ON artefacts BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;

INSERT INTO house VALUES (1, 50, -1000);
-- one tenant: 1,200 in, 200 out, one receipt of 50, one hold of 110 that a crash left open
INSERT INTO tenants VALUES (7, 840, 110, 1, x'abababababababababababababababababababababababababababababababab');
INSERT INTO keys VALUES (8, 1, NULL, NULL);
INSERT INTO months VALUES (8, 646, 50, 110);
INSERT INTO holds VALUES (x'00000000000000000000000000000004', 7, 8, 4, 1, 1000000, 0, 2000000, NULL, 110, 1700000000000000000, 0, 10, 50);
INSERT INTO postings (request, from_kind, from_tenant, to_kind, to_tenant, amount, time, kind) VALUES
  (x'00000000000000000000000000000001', 1, 0, 3, 7, 1200, 1700000000000000000, 1),
  (x'00000000000000000000000000000002', 3, 7, 1, 0, 200, 1700000000000000000, 2),
  (x'00000000000000000000000000000003', 3, 7, 4, 7, 110, 1700000000000000000, 3),
  (x'00000000000000000000000000000003', 4, 7, 2, 0, 50, 1700000001000000000, 4),
  (x'00000000000000000000000000000003', 4, 7, 3, 7, 60, 1700000001000000000, 5),
  (x'00000000000000000000000000000004', 3, 7, 4, 7, 110, 1700000000000000000, 3);
INSERT INTO artefacts VALUES (1, x'1111111111111111111111111111111111111111111111111111111111111111', x'2222222222222222222222222222222222222222222222222222222222222222');
INSERT INTO receipts VALUES (7, 1700000001000000000, 1, x'00000000000000000000000000000003', 8, 4, 1, 1000000, 0, 2000000, 1, x'3333333333333333333333333333333333333333333333333333333333333333', NULL, 1700000000000000000, 50, 840, 10, 0, 20, 1);
INSERT INTO usage_hours VALUES (7, 472222, 8, 4, 1, 1, 10, 0, 20, 50);
PRAGMA user_version = 1;
