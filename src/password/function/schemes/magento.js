'use strict';
// Magento 2: `hash:salt:version` with Argon2id as the last version. An older hash that was hashed again
// has a version for each time, the oldest first: 0 MD5, 1 SHA-256, 2 Argon2id as libsodium has it for
// interactive use, `3_32_2_67108864` the same with length, passes and bytes of memory. Each hashes
// the digits that the one before made.

const { LIMITS, decimal, digest, sameText } = require('./common');
const { argon2id } = require('hash-wasm/dist/argon2.umd.min.js');

const FORM = /^([0-9a-fA-F]+):([!-9;-~]{1,128}):([0-9_]+(?::[0-9_]+)*)$/;
const DIGESTS = { 0: 'md5', 1: 'sha256' };
const INTERACTIVE = { bytes: 32, passes: 2, kib: 65536 };

// What one version stands for, or null.
function step(version) {
  if (version in DIGESTS) return { algorithm: DIGESTS[version], bytes: version === '0' ? 16 : 32 };
  if (version === '2') return INTERACTIVE;
  const m = /^3_([0-9]{1,2})_([0-9]{1,10})_([0-9]{1,10})$/.exec(version);
  if (!m) return null;
  const [bytes, passes, memory] = [decimal(m[1], 64), decimal(m[2], LIMITS.argon2_passes), decimal(m[3], LIMITS.argon2_memory_kib * 1024)];
  if (!bytes || bytes < 16 || !passes || !memory || memory % 1024 !== 0 || memory < 8192) return null;
  return { bytes, passes, kib: memory / 1024 };
}

// { expected, salt, steps }, or null.
function parse(stored) {
  const m = FORM.exec(stored);
  if (!m) return null;
  const steps = m[3].split(':').map(step);
  const last = steps[steps.length - 1];
  if (steps.length > 4 || steps.includes(null) || last.algorithm || m[1].length !== 2 * last.bytes) return null;
  return { expected: m[1].toLowerCase(), salt: m[2], steps };
}

// As Magento pads and cuts it to 16 bytes.
function argon2Salt(salt) {
  return Buffer.from(salt.repeat(16).slice(0, 16));
}

module.exports = {
  name: 'magento',

  recognises(stored) {
    return parse(stored) !== null;
  },

  async verify(password, stored) {
    const parts = parse(stored);
    if (!parts || password === '') return false; // the library takes no empty one
    let found = password;
    for (const { algorithm, bytes, passes, kib } of parts.steps) {
      if (algorithm) {
        found = digest(algorithm, parts.salt, found).toString('hex');
        continue;
      }
      if (kib * passes > LIMITS.argon2_memory_times_passes_kib) return false;
      found = await argon2id({
        password: Buffer.from(found, 'utf8'),
        salt: argon2Salt(parts.salt),
        memorySize: kib,
        iterations: passes,
        parallelism: 1,
        hashLength: bytes,
        outputType: 'hex',
      });
    }
    return sameText(found, parts.expected);
  },
};
