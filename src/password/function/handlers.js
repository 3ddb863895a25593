'use strict';
// The custom password function: `encrypt` stores a new password, `validate` compares one with what
// is stored. Users who were moved here keep the hash of the system they came from; the hash itself
// says how it was made.

const { LIMITS, base64 } = require('./schemes/common');
const scrypt = require('./schemes/scrypt');

// Asked in this order; the first that recognises the stored string decides.
const SCHEMES = [
  scrypt, // always here: new passwords are stored with it
  /* schemes */
];

// What the caller did wrong. Only these messages go out; any other might quote a password.
class BadInput extends Error {}

module.exports.encrypt = handler(async (queries) => {
  const password = parameter(queries, 'password');
  if (password === '') throw new BadInput('the parameter "password" is empty');
  if (tooLong(password)) throw new BadInput(`the password is longer than ${LIMITS.password_bytes} bytes`);
  return { password: await scrypt.hash(password) };
});

module.exports.validate = handler(async (queries) => {
  const password = parameter(queries, 'password');
  const stored = bare(parameter(queries, 'encryptedPassword'));
  if (tooLong(password) || stored.length > LIMITS.stored_characters) return { isValid: false };
  const scheme = SCHEMES.find((candidate) => candidate.recognises(stored));
  if (!scheme) return { isValid: false };
  return { isValid: (await scheme.verify(password, stored)) === true };
});

function parameter(queries, name) {
  const value = queries && queries[name];
  // A parameter given twice arrives as a list.
  if (typeof value !== 'string') throw new BadInput(`the parameter "${name}" is missing or not one text`);
  return value;
}

// Directories and Spring Security put the name of a family before hashes that name it themselves; and
// what an export in LDIF holds is base64 of a hash with its name in braces.
function bare(stored) {
  return unwrapped(stored).replace(/^\{(?:(crypt|bcrypt|argon2|scrypt)(@[^}]*)?\}(?=\$)|ldap(@[^}]*)?\}(?=\{))/i, '');
}

function unwrapped(stored) {
  if (!/^e[0-3][A-Za-z0-9+/]+={0,2}$/.test(stored)) return stored;
  const bytes = base64(stored);
  const text = bytes ? bytes.toString('latin1') : '';
  return /^\{[A-Za-z0-9@_-]{2,40}\}[!-~]+$/.test(text) ? text : stored;
}

function tooLong(password) {
  return Buffer.byteLength(password, 'utf8') > LIMITS.password_bytes;
}

// Makes a handler that answers exactly once, whatever happens, and throws nothing at its caller.
function handler(work) {
  return function (request, response, context) {
    drained(request)
      .then(() => work(request.queries))
      .then(
        (result) => answer(response, 200, result),
        (error) => answer(response, 500, {
          message: error instanceof BadInput ? error.message : 'the password could not be processed',
        })
      )
      .catch(() => {}); // the connection is gone: there is nobody left to tell
  };
}

function answer(response, status, body) {
  response.setStatusCode(status);
  response.setHeader('content-type', 'application/json');
  return response.send(JSON.stringify(body)); // some platforms answer with a promise, which may be refused
}

// The platform wants the request's body read before the answer, though nothing in it is needed.
async function drained(request) {
  // `readable` is false once a stream has ended, and missing on what is no stream.
  if (!request || typeof request.on !== 'function' || !request.readable || request.destroyed) return;
  await new Promise((resolve) => {
    // A body that never ends must not keep a user from logging in.
    const timer = setTimeout(resolve, 1000);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    for (const event of ['end', 'close', 'error', 'aborted']) request.on(event, done);
    if (typeof request.resume === 'function') request.resume();
    else request.on('data', () => {});
  });
}
