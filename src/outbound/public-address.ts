import { lookup as resolve } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * All IPv6 addresses assigned as global unicast (RFC 4291, RFC 6890's registry); the rest embeds IPv4, is special, or
 * unassigned.
 */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** True for an address of the public internet: not private, loopback, link-local, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // `process` converts ::ffff:10.0.0.1 to 10.0.0.1, so a mapped address is judged by what it reaches.
  const reached = ipaddr.process(address);
  if (reached.range() !== 'unicast') return false;
  return reached instanceof ipaddr.IPv4 || reached.match(globalUnicast);
}

/** Why a caller's URL is not called. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Names of this machine that need no lookup, and their subdomains (RFC 6761). */
const ownNames = /(?:^|\.)(?:localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$/;

/**
 * Why a URL that a caller supplied is never called, as far as this is known without a lookup: because of its literal
 * address in any spelling (`URL` reads decimal, octal, hexadecimal and shortened IPv4), or because it names this
 * machine.
 */
export function addressRefusal(url: string, { allowPrivate }: { allowPrivate: boolean }): string | undefined {
  const { protocol, username, password, hostname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return 'expected an http or https address';
  if (username !== '' || password !== '') return 'expected an address without credentials';
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  const isOwn = ownNames.test(host) || (isIP(host) !== 0 && !isPublicAddress(host));
  return isOwn && !allowPrivate ? 'expected a public address' : undefined;
}

/** Ranges of addresses at which a model server may be: the public internet, and the networks of this machine. */
const serverRanges = new Set(['unicast', 'loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** Addresses in those ranges at which a cloud's machines read their credentials; the others are link-local. */
const metadataAddresses = new Set(['100.100.100.200', '168.63.129.16', 'fd00:ec2::254', 'fd20:ce::254']);

function isServerAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const reached = ipaddr.process(address);
  const range = reached.range();
  if (!serverRanges.has(range) || metadataAddresses.has(reached.toString())) return false;
  return range !== 'unicast' || isPublicAddress(address);
}

/**
 * Why a model server that an admin named is not called: its address, or one that its name resolves to, is a cloud's
 * metadata service or another address that no server has. Loopback and private networks are allowed.
 */
export async function serverAddressRefusal(url: string): Promise<string | undefined> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  const addresses =
    isIP(host) === 0 ? await resolve(host, { all: true }).catch(() => []) : [{ address: host, family: 0 }];
  return addresses.every(({ address }) => isServerAddress(address))
    ? undefined
    : 'expected the address of a model server, not a link-local, metadata or reserved one';
}

/**
 * A `lookup` for node's sockets that returns only public addresses. The connection goes to the address that was
 * checked, so a name that resolves differently a moment later (DNS rebinding) has no effect. A name with a private
 * address fails like one that does not exist; otherwise callers could find out the names of this network.
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
