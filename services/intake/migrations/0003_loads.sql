-- Rows of datasets are loaded into the warehouse, many datasets in one load. What was imported before is not.
ALTER TABLE datasets
  ADD COLUMN warehouse text CHECK (warehouse IN ('pending', 'loaded', 'failed')),
  ADD COLUMN load_id   uuid;
CREATE INDEX datasets_by_load ON datasets (load_id) WHERE load_id IS NOT NULL;
