import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const form = /^tf_([0-9a-f]{24})_([\w-]{43})$/;

/**
 * A new secret and the id that stands in it: `tf_<24 hex>_<43 characters>`, of which the last part has 256 random bits.
 * The id finds the record; the random part proves the holder.
 */
export function newSecret(): { id: string; secret: string } {
  const id = randomBytes(12).toString('hex');
  return { id: `key_${id}`, secret: `tf_${id}_${randomBytes(32).toString('base64url')}` };
}

/** The key's id in a secret; undefined for what is no secret of ours. */
export function idInSecret(secret: string): string | undefined {
  const id = form.exec(secret)?.[1];
  return id === undefined ? undefined : `key_${id}`;
}

/**
 * SHA-256 as hex. Slow hashes with salt (argon2, scrypt) protect what people choose, since that can be guessed; 256
 * random bits can't be guessed at any speed, so a fast hash is as strong, and costs a request nothing.
 */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares in constant time. Both are hashes of one length, so no timing tells how much of a guess was right. */
export function sameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}
