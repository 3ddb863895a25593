'use strict';
// What the schemes share. A stored string is not trusted: it may ask for years of work or all of
// the memory, so every cost has an upper limit, and each is checked before any work is done.

const crypto = require('crypto');

// The limits lie above what frameworks use by default, with room for some years:
//   bcrypt       cost 15; frameworks use 10 to 12. 15 takes some seconds here.
//   argon2       256 MiB, and 1 GiB over all passes: four times what libraries use by default
//                (64 to 100 MiB). The memory must fit into the instance the function runs in.
//   scrypt       128 MiB (N = 2^17 with r = 8), and that work four times over.
//   pbkdf2       4,000,000 iterations; Django is past 1,000,000 and adds a fifth a year.
//                They are counted for each block of output.
//   derived      64 bytes; more of a hash adds nothing.
//   phpass       2^18 rounds, also for Drupal; WordPress used 2^13, Drupal 2^15 to 2^16.
//   sha-crypt    1,000,000 rounds; passlib uses 656,000.
//   crypt        512 bytes of password, as crypt(3) itself: these hash it in every round.
const LIMITS = require('../limits.json');

// Takes the same time wherever the first difference is.
function sameBytes(a, b) {
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}

function sameText(a, b) {
  return sameBytes(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

// A whole number as programs write it: no sign, no leading zero. null if it is none or too big.
function decimal(text, most) {
  if (!/^(0|[1-9][0-9]{0,9})$/.test(text)) return null;
  const value = Number(text);
  return value <= most ? value : null;
}

// The bytes, or null. Node decodes anything, so the result is encoded again and compared: one
// string of bytes has one spelling only. Padding may be there in full or be left out.
function base64(text) {
  const bare = text.replace(/={1,2}$/, '');
  if (bare.length !== text.length && text.length % 4 !== 0) return null;
  const bytes = Buffer.from(bare, 'base64');
  return unpadded(bytes) === bare ? bytes : null;
}

// passlib's alphabet for salts and digests: `.` instead of `+`, no padding.
function adaptedBase64(text) {
  return /[+=]/.test(text) ? null : base64(text.replace(/\./g, '+'));
}

function unpadded(bytes) {
  return bytes.toString('base64').replace(/=+$/, '');
}

function hex(text) {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text, 'hex') : null;
}

// PHP's trim: https://www.php.net/manual/en/function.trim.php
function phpTrim(text) {
  const isSpace = (at) => ' \t\n\r\0\x0b'.includes(text[at]);
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(start)) start += 1;
  while (end > start && isSpace(end - 1)) end -= 1;
  return text.slice(start, end);
}

function digest(algorithm, ...parts) {
  // Where Node has it, this takes half the time; crypt(3)'s rounds make hundreds of thousands of calls.
  if (parts.length === 1 && crypto.hash) return crypto.hash(algorithm, parts[0], 'buffer');
  const hash = crypto.createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

// crypt(3)'s alphabet. Three bytes become four characters, the lowest six bits first.
const ITOA64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function crypt64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    let value = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16); // beyond the end: 0
    for (let n = Math.min(3, bytes.length - i); n >= 0; n--) {
      text += ITOA64[value & 63];
      value >>>= 6;
    }
  }
  return text;
}

// A password for crypt(3), or null. C ends a string at the first zero byte, so everything after it
// would be ignored: such a password is refused.
function cryptPassword(password) {
  const bytes = Buffer.from(password, 'utf8');
  return bytes.length > LIMITS.crypt_password_bytes || bytes.includes(0) ? null : bytes;
}

const SIZES = { sha1: 20, sha256: 32, sha512: 64 };

// Whether PBKDF2 derives `hash`, which may have been cut to its first bytes: the output begins the
// same at any length.
function pbkdf2Matches(password, { algorithm, iterations, salt, hash }) {
  const blocks = Math.ceil(hash.length / SIZES[algorithm]); // each costs all iterations
  if (iterations < 1 || iterations * blocks > LIMITS.pbkdf2_iterations) return Promise.resolve(false);
  if (hash.length < 16 || hash.length > LIMITS.derived_bytes) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    crypto.pbkdf2(password, salt, iterations, hash.length, algorithm, (error, derived) =>
      error ? reject(error) : resolve(sameBytes(derived, hash)));
  });
}

module.exports = {
  LIMITS, ITOA64, sameBytes, sameText, decimal, base64, adaptedBase64, unpadded, hex, digest, crypt64,
  cryptPassword, pbkdf2Matches, phpTrim,
};
