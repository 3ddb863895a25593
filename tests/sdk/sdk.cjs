// The vendor's unmodified SDK against the sandbox; started by run.sh.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { ManagementClient } = require('authing-js-sdk');

const [host, logFile, keyBits] = process.argv.slice(2);
const POOL = '5f0000000000000000000001';
const BCRYPT = '$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe';

const client = options =>
  new ManagementClient({ userPoolId: POOL, secret: 'sandbox-secret', host, ...options });
const log = () => fs.readFileSync(logFile, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line));
const lastStored = () => log().filter(line => line.stored).pop().stored;
const refusal = async promise => {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  return assert.fail('it was not refused');
};
const sandbox = async (path, body) => {
  const options = body && { method: 'POST', body: JSON.stringify(body) };
  const reply = await fetch(`${host}/__sandbox/${path}`, options);
  assert.equal(reply.status, 200, await reply.clone().text());
  return reply.json();
};

const tests = [];
const test = (name, run) => tests.push({ name, run });
const users = client().users;
let created;

test('a user with a kept bcrypt hash is created', async () => {
  const user = {
    email: 'Test1@Example.com', phone: '13100000001', username: 'zhang', externalId: '1',
    nickname: '王', loginsCount: 4, emailVerified: true, blocked: false, password: BCRYPT,
    signedUp: '2020-10-15T17:55:37+08:00', lastLogin: '2017-06-07T14:34:08.700Z',
    registerSource: ['import'],
  };
  created = await users.create(user, { keepPassword: true });
  assert.match(created.id, /^[0-9a-f]{24}$/);
  assert.equal(created.arn, `arn:cn:authing:${POOL}:user:${created.id}`);
  assert.equal(created.email, 'test1@example.com');
  assert.equal(created.loginsCount, 4);
  assert.equal(created.signedUp, '2020-10-15T17:55:37+08:00');
  assert.equal(created.status, 'Activated');
  assert.equal(created.password, null);
});

test('the log shows the hash byte for byte', async () => {
  assert.equal(lastStored().password, BCRYPT);
  assert.equal(log().pop().keep_password, true);
  assert.equal(log().pop().held, false);
});

test('the user is found by each identifier', async () => {
  const by = [{ email: 'TEST1@example.com' }, { phone: '13100000001' }, { username: 'zhang' },
    { externalId: '1' }];
  for (const options of by) {
    assert.equal((await users.find(options)).id, created.id);
    assert.equal(await users.exists(options), true);
  }
});

test('nobody is found by what nobody has', async () => {
  assert.equal(await users.find({ username: 'Zhang' }), null);
  assert.equal(await users.exists({ externalId: 'nobody' }), false);
});

test('a batch finds the user by each kind of identifier', async () => {
  const by = { id: created.id, email: 'test1@example.com', phone: '13100000001', username: 'zhang',
    externalId: '1' };
  for (const [queryField, value] of Object.entries(by)) {
    const found = await users.batch([value, 'nobody'], { queryField });
    assert.deepEqual(found.map(user => user.id), [created.id], queryField);
  }
});

test('a batch of more than 80 is refused with 2030', async () => {
  const ids = Array.from({ length: 81 }, (_, n) => String(n));
  assert.equal((await refusal(users.batch(ids, { queryField: 'externalId' }))).code, 2030);
});

test('each identifier collides with 2026', async () => {
  const taken = [{ email: 'test1@EXAMPLE.com' }, { phone: '13100000001' }, { username: 'zhang' },
    { externalId: '1' }];
  for (const user of taken) {
    assert.equal((await refusal(users.create(user))).code, 2026, JSON.stringify(user));
    assert.equal(log().pop().outcome, 'duplicate');
  }
});

test('a password alone makes no user', async () => {
  assert.equal((await refusal(users.create({ password: 'secret-1' }))).code, 2028);
});

test('an unknown field and a wrong type are refused in plain text', async () => {
  for (const user of [{ email: 'b@x.org', city: 'X' }, { email: 'b@x.org', loginsCount: '4' }]) {
    // The SDK loses a message that is plain text.
    assert.equal((await refusal(users.create(user))).code, undefined);
    assert.equal(log().pop().outcome, 'refused');
    assert.equal(log().pop().code, null);
  }
});

test('a user with an identity, without a password', async () => {
  const identity = { provider: 'github', userIdInIdp: '7', isSocial: true };
  const user = await users.create({ email: 'identity@x.org' }, { identity });
  assert.equal(user.email, 'identity@x.org');
  assert.equal(lastStored().password, undefined);
});

test('the password may be as long as the key carries', async () => {
  const longest = keyBits / 8 - 11;
  await users.create({ externalId: 'long', password: 'x'.repeat(longest) });
  assert.equal(lastStored().password, 'x'.repeat(longest));
  const tooLong = users.create({ externalId: 'longer', password: 'x'.repeat(longest + 1) });
  assert.equal(await refusal(tooLong), false);
});

test('a user is updated', async () => {
  const user = await users.update(created.id, { nickname: 'new', password: 'new-secret' });
  assert.equal(user.nickname, 'new');
  assert.equal((await users.find({ externalId: '1' })).nickname, 'new');
  const stored = await fetch(`${host}/__sandbox/users?passwords=true`).then(reply => reply.text());
  const first = JSON.parse(stored.split('\n')[0]);
  assert.equal(first.password, 'new-secret');
});

test('custom data is set and read', async () => {
  await users.setUdfValue(created.id, { school: 'A' });
  await users.setUdfValueBatch([{ userId: created.id, data: { age: 3 } }]);
  const found = await users.find({ externalId: '1', withCustomData: true });
  assert.equal(Object.keys(found.customData).length, 2);
  const [same] = await users.batch(['1'], { queryField: 'externalId', withCustomData: true });
  assert.deepEqual(same.customData, found.customData);
});

test('one token and one key serve many creates', async () => {
  await sandbox('faults', { token_ttl: '7200s' });
  const before = await sandbox('stats');
  const { users } = client();
  for (let n = 0; n < 5; n += 1) {
    await users.create({ externalId: `many-${n}`, password: BCRYPT }, { keepPassword: true });
  }
  const after = await sandbox('stats');
  assert.equal(after.tokens_issued - before.tokens_issued, 1);
  assert.equal(after.key_fetches - before.key_fetches, 1);
});

test('a wrong secret is refused with 1001', async () => {
  const wrong = client({ secret: 'wrong' }).users.create({ externalId: 'wrong' });
  assert.equal((await refusal(wrong)).code, 1001);
});

test('a pool that is not there is refused with 2224', async () => {
  const lost = client({ userPoolId: '5f0000000000000000000002' }).users;
  assert.equal((await refusal(lost.exists({ email: 'a@x.org' }))).code, 2224);
});

test('an expired token is refused with 2206', async () => {
  await sandbox('faults', { token_ttl: '0s' });
  assert.equal((await refusal(client().users.exists({ email: 'a@x.org' }))).code, 2206);
  await sandbox('faults', { token_ttl: '7200s' });
});

test('a revoked token is refused', async () => {
  const { users } = client();
  assert.equal(await users.exists({ externalId: '1' }), true);
  await sandbox('faults', { revoke_tokens: 2020 });
  assert.equal((await refusal(users.exists({ externalId: '1' }))).code, 2020);
});

test('a password under a key that was changed is refused with 2016', async () => {
  const { users } = client();
  await users.create({ externalId: 'key-1', password: BCRYPT });
  await sandbox('faults', { rotate_key: true });
  assert.equal((await refusal(users.create({ externalId: 'key-2', password: BCRYPT }))).code, 2016);
});

test('a code may come as text', async () => {
  await sandbox('faults', { codes_as_text: true });
  assert.equal((await refusal(client().users.create({ externalId: '1' }))).code, '2026');
  await sandbox('faults', { codes_as_text: false });
});

test('other header names are taken', async () => {
  await sandbox('faults', { header_prefix: 'x-approw-' });
  const headers = { 'userpool-id': 'x-approw-userpool-id' };
  assert.equal(await client({ headers }).users.exists({ externalId: '1' }), true);
  await sandbox('faults', { header_prefix: 'x-authing-' });
});

test('each failure shows as the SDK shows it', async () => {
  const shown = {
    http500: 'ERR_BAD_RESPONSE', 'http502-html': 'ERR_BAD_RESPONSE', http503: 'ERR_BAD_RESPONSE',
    'code:2040': 2040, reset: 'ECONNRESET', hang: 'ECONNABORTED',
  };
  for (const [effect, code] of Object.entries(shown)) {
    await sandbox('faults', { poison: [`poisoned=${effect}`] });
    const { users } = client({ timeout: 500 });
    const failed = await refusal(users.create({ externalId: 'poisoned' }));
    assert.equal(failed.code, code, effect);
  }
  await sandbox('faults', { poison: ['poisoned=null'] });
  assert.equal(await client().users.create({ externalId: 'poisoned' }), null);
  await sandbox('faults', { poison: [] });
});

test('a connection that drops after storing leaves the user there', async () => {
  await sandbox('faults', { drop_after_store: 1 });
  const failed = await refusal(client().users.create({ externalId: 'dropped' }));
  assert.equal(failed.code, 'ECONNRESET');
  await sandbox('faults', { drop_after_store: 0 });
  assert.equal(await client().users.exists({ externalId: 'dropped' }), true);
});

test('throttling shows as the SDK shows it', async () => {
  await sandbox('faults', { rate: '1/h', rate_status: 'code2100' });
  const { users } = client();
  await users.exists({ externalId: '1' });
  assert.equal((await refusal(users.create({ externalId: 'throttled' }))).code, 2100);
  await sandbox('faults', { rate_status: 'http429' });
  assert.equal((await refusal(users.create({ externalId: 'throttled' }))).code, 'ERR_BAD_REQUEST');
  await sandbox('faults', { rate: null });
});

(async () => {
  // The SDK writes to the console when a password is too long.
  console.log = () => {};
  let failed = 0;
  for (const { name, run } of tests) {
    try {
      await run();
      console.info(`ok    ${keyBits} bits: ${name}`);
    } catch (error) {
      failed += 1;
      console.info(`FAIL  ${keyBits} bits: ${name}\n${error?.stack ?? JSON.stringify(error)}`);
    }
  }
  console.info(`${tests.length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();
