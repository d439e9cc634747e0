import { lookup as resolve } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All of IPv6 that is given out as global unicast (RFC 4291, RFC 6890's registry); the rest embeds IPv4, is special, or free. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** True for an address of the public internet: not private, loopback, link-local, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // `process` turns ::ffff:10.0.0.1 into 10.0.0.1, so a mapped address is judged by what it reaches.
  const reached = ipaddr.process(address);
  if (reached.range() !== 'unicast') return false;
  return reached instanceof ipaddr.IPv4 || reached.match(globalUnicast);
}

/** Why a caller's URL is not called. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/**
 * A `lookup` for node's sockets that gives only public addresses. The connection is made to the very address that was
 * judged, so a name that resolves differently a moment later (DNS rebinding) gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { all: true, family: options.family === 6 ? 6 : options.family === 4 ? 4 : 0 }).then(
    (addresses) => {
      const allowed = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (first === undefined || allowed.length < addresses.length) {
        callback(new AddressRefused(`${hostname} is not a public address`), '');
      } else if (options.all) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    },
    (error: NodeJS.ErrnoException) => callback(error, ''),
  );
};
