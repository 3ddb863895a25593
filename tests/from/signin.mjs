// Signs users in through a function that `userferry password function` wrote.
//   node signin.mjs FUNCTION <users.json     [{"password", "wrong", "stored"}] -> [{"right": true, "wrong": false}]
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';

const { validate } = createRequire(path.resolve(process.argv[2], 'index.js'))('./index.js');

function call(queries) {
  return new Promise((resolve) => {
    let status;
    validate(Object.assign(Readable.from([]), { queries }), {
      setStatusCode: (code) => { status = code; },
      setHeader: () => {},
      send: (body) => resolve({ status, ...JSON.parse(body) }),
    }, {});
  });
}

const answers = [];
for (const { password, wrong, stored } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  answers.push({
    right: (await call({ password, encryptedPassword: stored })).isValid === true,
    wrong: (await call({ password: wrong, encryptedPassword: stored })).isValid === true,
  });
}
console.log(JSON.stringify(answers));
