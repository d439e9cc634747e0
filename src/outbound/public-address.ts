import { lookup as resolve } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
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

/** Names that are this machine without any lookup, with what ends in them (RFC 6761). */
const ownNames = /(?:^|\.)(?:localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$/;

/**
 * Why an address that a caller named is never called, as far as it shows without a lookup: by its literal, in any spelling
 * (`URL` reads decimal, octal, hexadecimal and shortened IPv4), or by a name of this machine.
 */
export function addressRefusal(url: string, { allowPrivate }: { allowPrivate: boolean }): string | undefined {
  const { protocol, username, password, hostname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return 'expected an http or https address';
  if (username !== '' || password !== '') return 'expected an address without credentials';
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  const isOwn = ownNames.test(host) || (isIP(host) !== 0 && !isPublicAddress(host));
  return isOwn && !allowPrivate ? 'expected a public address' : undefined;
}

/**
 * A `lookup` for node's sockets that gives only public addresses. The connection is made to the very address that was
 * judged, so a name that resolves differently a moment later (DNS rebinding) gains nothing. A name of a private address fails like
 * one that does not exist: otherwise callers could learn the names of this network.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  const fail = () => callback(new Error('the address did not answer'), '');
  resolve(hostname, { all: true, family: options.family === 6 ? 6 : options.family === 4 ? 4 : 0 }).then(
    (addresses) => {
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) fail();
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    },
    fail,
  );
};
