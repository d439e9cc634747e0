import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Encryption and signatures with one secret that only this service has. */
export type Sealer = {
  /** Encrypts text that its owner may keep but not read (AES-256-GCM); it cannot be decrypted for another owner. */
  seal(text: string, owner: string | null): string;
  /** Undefined if the text was changed, belongs to another owner, or was encrypted with another secret. */
  open(sealed: string, owner: string | null): string | undefined;
  /** HMAC-SHA-256 as base64url, 43 characters. */
  mac(text: string): string;
};

const version = 'v1.';
const ivBytes = 12;
const tagBytes = 16;

export function createSealer(secret: Uint8Array): Sealer {
  const key = (use: string) => Buffer.from(hkdfSync('sha256', secret, '', `thinkfirst ${use}`, 32));
  const sealing = key('seal');
  const signing = key('mac');
  return {
    seal(text, owner) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', sealing, iv).setAAD(ownerData(owner));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return version + Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(sealed, owner) {
      if (!sealed.startsWith(version)) return undefined;
      const bytes = Buffer.from(sealed.slice(version.length), 'base64url');
      if (bytes.length < ivBytes + tagBytes) return undefined;
      try {
        const tag = bytes.subarray(ivBytes, ivBytes + tagBytes);
        const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, ivBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(ownerData(owner))
          .setAuthTag(tag);
        const body = bytes.subarray(ivBytes + tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
    mac: (text) => createHmac('sha256', signing).update(text).digest('base64url'),
  };
}

function ownerData(owner: string | null): Buffer {
  return Buffer.from(owner === null ? 'none' : `key:${owner}`);
}
