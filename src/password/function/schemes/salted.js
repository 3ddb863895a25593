'use strict';
// Digests of a salt and a password.
//
// `$md5$ORDER$SALT$DIGEST`, and the same with sha1, sha256, sha512: in the order that ORDER spells.
// s: the salt; p: the password; m, h: the hexadecimal md5 or sha1 of the password; u, l: the password in
// UTF-16 or Latin-1. A digest of SHA-512 may have been cut to its first 32 bytes.
//
// `$hmac-sha256$ORDER$SALT$KEY$DIGEST`, also with the others: what ORDER spells, under a key.
//
// `sha1$salt$digest` (Django; older Werkzeug), `digest:salt` (Joomla, osCommerce, Magento) and
// `salt:digest` do not say what was hashed: the ways that are in use are tried.

const crypto = require('crypto');
const { base64, digest, hex, sameBytes } = require('./common');

const FORM = /^\$(md5|sha1|sha256|sha512)\$([spmhul]{1,4})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$/;
const HMAC = /^\$hmac-(md5|sha1|sha256|sha512)\$([spmhul]{1,4})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$/;
const LENGTHS = { md5: [16], sha1: [20], sha256: [32], sha512: [64, 32] };
const NAMED = /^(md5|sha1|sha256|sha512)\$([!-#%-~]{0,128})\$([0-9a-fA-F]+)$/;
const ORDERS = ['sp', 'ps', 'ms', 'sm', 'hs', 'sh', 'sps'];
const FUNCTIONS = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

function ordered(order, password, salt) {
  const parts = {
    s: () => salt,
    p: () => password,
    m: () => digest('md5', password).toString('hex'),
    h: () => digest('sha1', password).toString('hex'),
    u: () => Buffer.from(password, 'utf16le'),
    l: () => Buffer.from(password, 'latin1'),
  };
  return Buffer.concat([...order].map((letter) => Buffer.from(parts[letter]())));
}

// Whether an order has the password exactly once, and a salt where there is one.
function isOrder(order, salt) {
  return order.replace(/s/g, '').length === 1 && (order.includes('s') || salt.length === 0);
}

function verifyHmac(password, [, algorithm, order, ...parts]) {
  const [salt, key, expected] = parts.map(base64);
  if (!salt || !key || !expected || !isOrder(order, salt)) return false;
  const hmac = crypto.createHmac(algorithm, key).update(ordered(order, password, salt));
  return sameBytes(hmac.digest(), expected);
}

// { algorithm, salt, expected, named }, in each way to read the text; an empty list if it is none.
function readings(stored) {
  const m = NAMED.exec(stored);
  if (m) {
    const isOne = FUNCTIONS[m[3].length] === m[1] && (m[2] !== '' || m[1] === 'md5' || m[1] === 'sha1');
    return isOne ? [{ algorithm: m[1], salt: m[2], expected: hex(m[3]), named: true }] : [];
  }
  const first = stored.indexOf(':');
  if (first < 0 || /^[${]/.test(stored)) return [];
  const last = stored.lastIndexOf(':');
  const { salt, versions } = withoutVersion(stored.slice(first + 1));
  return [
    reading(stored.slice(0, first), salt, versions),
    reading(stored.slice(last + 1), stored.slice(0, last)),
  ].filter((one) => one !== null);
}

function reading(text, salt, versions) {
  const algorithm = FUNCTIONS[text.length];
  if (!algorithm || !/^[0-9a-fA-F]+$/.test(text)) return null;
  if (salt === null || !/^[!-~]{1,128}$/.test(salt)) return null;
  // A name there says that there is no salt.
  if (Object.keys(LENGTHS).includes(salt.replace(/[^A-Za-z0-9]/g, '').toLowerCase())) return null;
  return { algorithm, salt, expected: hex(text), named: false, versions };
}

// Magento 2 puts a number behind the salt: 0 for MD5, 1 for SHA-256. Where it hashed an older digest
// again, the older number stands before the newer one. Other numbers are other schemes: no salt.
function withoutVersion(rest) {
  const at = rest.lastIndexOf(':');
  if (at < 0) return { salt: rest };
  if (!/^[01]$/.test(rest.slice(at + 1))) return { salt: /^[0-9]/.test(rest.slice(at + 1)) ? null : rest };
  const [salt, ...versions] = rest.split(':');
  if (!versions.every((version) => /^[01]$/.test(version))) return { salt: null };
  return versions.length > 1 ? { salt, versions } : { salt };
}

function matches({ algorithm, salt, expected, named, versions }, password) {
  if (versions) {
    const again = (found, version) => digest(version === '0' ? 'md5' : 'sha256', salt, found).toString('hex');
    return sameBytes(hex(versions.reduce(again, password)), expected);
  }
  if (!named) return ORDERS.some((order) => sameBytes(digest(algorithm, ordered(order, password, salt)), expected));
  if (sameBytes(digest(algorithm, salt, password), expected)) return true;
  return salt !== '' && sameBytes(crypto.createHmac(algorithm, salt).update(password).digest(), expected);
}

// Whether a SHA-512 digest with this salt, in one of the ways that are in use, begins with these bytes.
function matchesCut(password, salt, first) {
  return ORDERS.some((order) => sameBytes(digest('sha512', ordered(order, password, salt)).subarray(0, first.length), first));
}

module.exports = {
  name: 'salted',
  matchesCut,

  // The order in letters keeps out other programs' `$md5$rounds=…` and `$sha1$40000$…`.
  recognises(stored) {
    return FORM.test(stored) || HMAC.test(stored) || readings(stored).length > 0;
  },

  async verify(password, stored) {
    const keyed = HMAC.exec(stored);
    if (keyed) return verifyHmac(password, keyed);
    const m = FORM.exec(stored);
    if (!m) return readings(stored).some((one) => matches(one, password));
    const [, algorithm, order] = m;
    const salt = base64(m[3]);
    const expected = base64(m[4]);
    if (!salt || !expected || !LENGTHS[algorithm].includes(expected.length)) return false;
    if (!isOrder(order, salt)) return false;
    const found = digest(algorithm, ordered(order, password, salt));
    return sameBytes(found.subarray(0, expected.length), expected);
  },
};
