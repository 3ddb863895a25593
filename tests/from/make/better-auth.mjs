// The users of input.json in the database of a better-auth application: its own schema, adapter and hashes.
//   node better-auth.mjs INPUT DATABASE
import fs from 'node:fs';
import Database from 'better-sqlite3';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { admin, phoneNumber, username } from 'better-auth/plugins';

const [input, file] = process.argv.slice(2);
const database = new Database(file);
const options = {
  database,
  secret: 'only-for-tests-only-for-tests-only-for-tests',
  baseURL: 'http://127.0.0.1:3300',
  telemetry: { enabled: false },
  emailAndPassword: { enabled: true },
  plugins: [admin(), username(), phoneNumber({ sendOTP() {} })],
};
const auth = betterAuth(options);
await (await getMigrations(options)).runMigrations();
const context = await auth.$context;
const date = (text) => text && new Date(text);
database.exec('BEGIN');
for (const { kind, password, hash, ...user } of JSON.parse(fs.readFileSync(input, 'utf8'))) {
  const data = { ...user, createdAt: date(user.createdAt), updatedAt: date(user.updatedAt), banExpires: date(user.banExpires) };
  await context.adapter.create({ model: 'user', data, forceAllowId: true });
  if (kind === 'none') continue;
  const account = { userId: user.id, createdAt: data.createdAt, updatedAt: data.updatedAt };
  if (kind === 'social') Object.assign(account, { accountId: `g${user.id}`, providerId: 'google', scope: 'openid email' });
  else Object.assign(account, { accountId: user.id, providerId: 'credential', password: password === null ? hash : await context.password.hash(password) });
  await context.adapter.create({ model: 'account', data: account });
}
database.exec('COMMIT');
database.close();
