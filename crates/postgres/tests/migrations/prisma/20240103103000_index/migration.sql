-- CreateIndex
CREATE INDEX CONCURRENTLY "User_role" ON "User" ("role");
