-- CreateTable
CREATE TABLE "log" ("n" SERIAL NOT NULL, "step" TEXT);

INSERT INTO "log" ("step") VALUES ('0');
