-- The account that first called under a member's address, by Google's own id of it. Addresses can be given to somebody
-- else; these ids never are. NULL: nobody has called yet.
ALTER TABLE members ADD COLUMN subject text;
