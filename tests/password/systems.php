<?php
// The hashes that PHP's own functions make, as the programs written in PHP call them. Reads the passwords
// as JSON, writes one line for each. Called by systems.sh.
$passwords = json_decode(stream_get_contents(STDIN));
$php = 'PHP ' . PHP_VERSION;

function put($scheme, $password, $stored, $by) {
    echo json_encode(['scheme' => $scheme, 'password' => $password, 'stored' => $stored, 'by' => $by], JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
}

// Magento's Encryptor::getArgonHash.
function argon($data, $salt, $bytes, $ops, $mem) {
    $salt = strlen($salt) < 16 ? str_pad($salt, 16, $salt) : substr($salt, 0, 16);
    return bin2hex(sodium_crypto_pwhash($bytes, $data, $salt, $ops, $mem, SODIUM_CRYPTO_PWHASH_ALG_ARGON2ID13));
}

// PasswordHash::crypt_private of WordPress' class-phpass.php, with 2^7 rounds.
function portable($password) {
    $itoa64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    $salt = bin2hex(random_bytes(4));
    $hash = md5($salt . $password, true);
    for ($i = 0; $i < 1 << 7; $i++) $hash = md5($hash . $password, true);
    $text = "\$P\$5$salt";
    for ($i = 0; $i < 16; $i += 3) {
        $value = ord($hash[$i]) | ($i + 1 < 16 ? ord($hash[$i + 1]) << 8 | ord($hash[$i + 2]) << 16 : 0);
        for ($n = 0; $n < ($i + 1 < 16 ? 4 : 2); $n++, $value >>= 6) $text .= $itoa64[$value & 63];
    }
    return $text;
}

foreach ($passwords as $i => $password) {
    // Laravel and Drupal since 10.1: BcryptHasher, PhpPassword.
    put('bcrypt', $password, password_hash($password, PASSWORD_BCRYPT, ['cost' => 4 + $i % 3]), "$php password_hash, as Laravel and Drupal");
    put('argon2i', $password, password_hash($password, PASSWORD_ARGON2I, ['memory_cost' => 1024, 'time_cost' => 2, 'threads' => 1 + $i % 2]), "$php password_hash, as Laravel");
    put('argon2id', $password, password_hash($password, PASSWORD_ARGON2ID, ['memory_cost' => 1024, 'time_cost' => 1 + $i % 3, 'threads' => 1]), "$php password_hash, as Laravel");
    // wp_hash_password of WordPress 6.8, with white space that PHP trims and Unicode's that it does not.
    foreach ([$password, " \t$password\0\x0b\n", "\u{a0}$password\u{3000}"] as $given) {
        $inner = base64_encode(hash_hmac('sha384', trim($given), 'wp-sha384', true));
        put('wordpress', $given, '$wp' . password_hash($inner, PASSWORD_BCRYPT, ['cost' => 4]), "$php password_hash, as WordPress 6.8");
    }
    // The same before 6.8: phpass' portable hash.
    foreach ([" \t$password\0\x0b\n", "\u{a0}$password\u{3000}"] as $given) {
        put('phpass', $given, portable(trim($given)), "$php md5, as WordPress 6.7");
    }
    // Magento 2. What is kept of a salt of 32 characters is 16 of them, so the first salt has 16.
    $salt = substr(strtr(base64_encode(random_bytes(48)), '+/=', 'xyz'), 0, [16, 32, 10][$i % 3]);
    $real = $i < 3;
    $mem = $real ? SODIUM_CRYPTO_PWHASH_MEMLIMIT_INTERACTIVE : 8192 << $i % 4;
    $ops = $real ? SODIUM_CRYPTO_PWHASH_OPSLIMIT_INTERACTIVE : 1 + $i % 3;
    $numbers = "3_32_{$ops}_$mem";
    $sha256 = hash('sha256', $salt . $password);
    $by = "$php sodium and hash, as Magento 2";
    put('magento', $password, argon($password, $salt, 32, $ops, $mem) . ":$salt:$numbers", "$by, version 3");
    put('magento', $password, argon($sha256, $salt, 32, $ops, $mem) . ":$salt:1:$numbers", "$by, versions 1 and 3");
    $twice = hash('sha256', $salt . md5($salt . $password));
    put('salted-sha256', $password, "$twice:$salt:0:1", "$by, versions 0 and 1");
    if ($password === 'secret') {
        put('salted-sha256', $password, strtoupper($twice) . ":$salt:0:1", "$by, versions 0 and 1, in capitals");
    }
    put('salted-sha256', $password, "$sha256:$salt:1", "$by, version 1");
    put('salted-md5', $password, md5($salt . $password) . ":$salt:0", "$by, version 0");
    put('magento', $password, argon($twice, $salt, 32, $ops, $mem) . ":$salt:0:1:$numbers", "$by, versions 0, 1 and 3");
    if ($real) {
        put('magento', $password, argon($password, $salt, 32, $ops, $mem) . ":$salt:2", "$by, version 2");
        put('magento', $password, argon($sha256, $salt, 32, $ops, $mem) . ":$salt:1:2", "$by, versions 1 and 2");
    }
    // UCenter: the salt has a column of its own.
    $salt = substr(uniqid(), -6);
    $digest = md5(md5($password) . $salt);
    $bare = fn ($data) => rtrim(base64_encode($data), '=');
    echo json_encode(['scheme' => 'salted-md5', 'password' => $password, 'stored' => '$md5$ms$' . $bare($salt) . '$' . $bare(hex2bin($digest)), 'by' => "$php md5, as UCenter",
        'rule' => ['scheme' => 'md5', 'order' => 'md5(password)+salt'], 'record' => ['hash' => $digest, 'salt' => $salt]], JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
}
