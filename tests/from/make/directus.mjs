// Rows of directus_users in SQLite; known passwords are hashed as Directus does (argon2's defaults: api/src/utils/get-hash-options... generateHash).
//   node directus.mjs INPUT DATABASE
import fs from 'node:fs';
import argon2 from 'argon2';
import Database from 'better-sqlite3';

const [input, file] = process.argv.slice(2);
const { ddl, columns, rows } = JSON.parse(fs.readFileSync(input, 'utf8'));
const database = new Database(file);
database.exec(ddl);
const insert = database.prepare(`INSERT INTO directus_users (${columns}) VALUES (${columns.map(() => '?')})`);
database.exec('BEGIN');
for (const row of rows) {
  const cells = await Promise.all(row.map((cell) => (cell && typeof cell === 'object' ? argon2.hash(cell.password) : cell)));
  insert.run(cells.map((cell, at) => (columns[at] === 'last_access' && cell ? Number(cell) : cell)));
}
database.exec('COMMIT');
database.close();
