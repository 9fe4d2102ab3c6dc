-- The codes of the errors that pages of a site ended with: why none came, if none did.
ALTER TABLE sites ADD COLUMN reasons text[] NOT NULL DEFAULT '{}';
