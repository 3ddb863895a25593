'use strict';
// Run it in this directory: node self-test.js
// Calls the two handlers as the platform would, with known passwords.

const fs = require('fs');
const path = require('path');
const { Readable } = require('stream');
const { encrypt, validate } = require('./index.js');

const vectors = require('./self-test.json');
const MALFORMED = ['', '$', '$$$$', 'x', '密码', '{SHA}', '$2b$99$', 'a'.repeat(5000)];
let failures = 0;

// What a handler answers. A request is a stream with `queries`.
function call(handler, queries) {
  return new Promise((resolve, reject) => {
    const answer = { status: undefined, headers: {}, sent: 0 };
    const request = new Readable({ read() { this.push(null); } });
    request.queries = queries;
    setTimeout(() => reject(new Error('no answer within 60 seconds')), 60000).unref();
    handler(request, {
      setStatusCode(status) { answer.status = status; },
      setHeader(key, value) { answer.headers[key] = value; },
      send(body) {
        answer.sent += 1;
        answer.body = JSON.parse(body);
        setImmediate(() => resolve(answer)); // a second answer would be counted
      },
    }, {});
  });
}

async function accepts(password, encryptedPassword) {
  const answer = await call(validate, { password, encryptedPassword });
  if (answer.status !== 200 || answer.sent !== 1 || typeof answer.body.isValid !== 'boolean') {
    throw new Error(`answered ${answer.status} ${JSON.stringify(answer.body)}, ${answer.sent} times`);
  }
  return answer.body.isValid;
}

// The beginning stays as it is, so that the scheme is still recognised. What is cut off is no damage
// to every scheme: some hashes may be shortened.
function damaged(stored) {
  const [head, letter, tail] = [stored.slice(0, -5), stored.slice(-5, -4), stored.slice(-4)];
  return [`${stored}!`, `${head}\0${tail}`, `${head}${letter === '0' ? '1' : '0'}${tail}`];
}

async function test(name, work) {
  let problem;
  let count = 0;
  try {
    await work((condition, what) => {
      count += 1;
      if (!condition && !problem) problem = what;
    });
  } catch (error) {
    problem = error.message;
  }
  if (problem) failures += 1;
  console.log(problem ? `FAILED ${name}: ${problem}` : `ok ${name}: ${count} checks`);
}

async function main() {
  await test('encrypt', async (check) => {
    const answer = await call(encrypt, { password: 'Passw0rd! 密码' });
    check(answer.status === 200 && answer.sent === 1, 'did not answer once with 200');
    check(await accepts('Passw0rd! 密码', answer.body.password), 'its own hash is refused');
    check(!(await accepts('passw0rd! 密码', answer.body.password)), 'a wrong password is accepted');
    for (const handler of [encrypt, validate]) {
      const bad = await call(handler, {});
      check(bad.status === 500 && bad.sent === 1 && bad.body.message, 'a missing parameter is not answered with 500');
    }
    for (const stored of MALFORMED) check(!(await accepts('x', stored)), 'a malformed string is accepted');
  });

  for (const name of Object.keys(vectors)) {
    const file = path.join(__dirname, 'schemes', `${name}.js`);
    if (!fs.existsSync(file)) continue;
    await test(name, async (check) => {
      for (const { password, stored, firebase } of vectors[name]) {
        // The vectors are of another Firebase project than yours.
        const verify = firebase
          ? (given, kept) => require(file).verifyWith(firebase, given, kept)
          : accepts;
        check(await verify(password, stored), `the right password is refused for ${stored}`);
        check(!(await verify(`x${password}`, stored)), `a wrong password is accepted for ${stored}`);
        for (const bad of damaged(stored)) {
          check(!(await verify(password, bad)), `a damaged hash is accepted: ${JSON.stringify(bad)}`);
        }
      }
      if (name === 'firebase-scrypt') {
        const stored = vectors[name][0].stored;
        check(!(await accepts('x', stored)), 'firebase.json: a wrong password is accepted');
      }
    });
  }
  process.exitCode = failures ? 1 : 0;
}

main().catch((error) => {
  console.log(`FAILED ${error.message}`);
  process.exitCode = 1;
});
