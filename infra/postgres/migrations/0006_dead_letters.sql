-- Everybody reads the dead letters of their own tenant, from the newest.
CREATE INDEX dead_letters_of_tenant ON dead_letters (tenant, at DESC, id);
