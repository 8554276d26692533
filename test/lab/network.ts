/**
 * The network of the region in a box. Three namespaces stand always: the operator's, the internet (where AWS's own
 * endpoints and the package archives are too) and the router of the VPC. Each network interface of the account is one
 * more, with a cable of its own to the router, so that every packet passes the rules; as in a VPC, there is no layer 2.
 */
import { createHash } from 'node:crypto';
import type { NetworkInterface, SecurityRule, Seen } from './account.ts';
import { inNamespace, run } from './processes.ts';

export const namespaces = { internet: 'afl-internet', operator: 'afl-operator', router: 'afl-router' } as const;

/** From the blocks that are reserved for documentation. */
export const addresses = {
  /** Endpoints of AWS, packages, names that servers ask for. */
  internet: '198.51.100.1',
  operator: '198.51.100.10',
  aboveRouter: '192.0.2.1',
  router: '192.0.2.2',
  names: '169.254.169.253',
  metadata: '169.254.169.254',
} as const;

export const ports = { endpoint: 4566, metadata: 8169 } as const;

async function ip(...lines: string[]) {
  await run('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
}

function inside(namespace: string, ...command: string[]): Promise<string> {
  return run(...inNamespace(namespace, command));
}

export async function makeNetwork() {
  const { internet, operator, router } = namespaces;
  for (const name of [internet, operator, router]) await run('ip', ['netns', 'add', name]);
  await ip(
    `link add operator netns ${internet} type veth peer name eth0 netns ${operator}`,
    `link add router netns ${internet} type veth peer name uplink netns ${router}`,
  );
  for (const name of [internet, operator, router]) await inside(name, 'ip', 'link', 'set', 'lo', 'up');
  await inside(internet, 'ip', 'address', 'add', `${addresses.internet}/24`, 'dev', 'operator');
  await inside(internet, 'ip', 'address', 'add', `${addresses.aboveRouter}/30`, 'dev', 'router');
  await inside(internet, 'ip', 'link', 'set', 'operator', 'up');
  await inside(internet, 'ip', 'link', 'set', 'router', 'up');
  await inside(operator, 'ip', 'address', 'add', `${addresses.operator}/24`, 'dev', 'eth0');
  await inside(operator, 'ip', 'link', 'set', 'eth0', 'up');
  await inside(operator, 'ip', 'route', 'add', 'default', 'via', addresses.internet);
  await inside(router, 'ip', 'address', 'add', `${addresses.router}/30`, 'dev', 'uplink');
  await inside(router, 'ip', 'link', 'set', 'uplink', 'up');
  await inside(router, 'ip', 'route', 'add', 'default', 'via', addresses.aboveRouter);
  for (const address of [addresses.names, addresses.metadata])
    await inside(router, 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
  for (const name of [internet, router]) await inside(name, 'sysctl', '--quiet', '--write', 'net.ipv4.ip_forward=1');
}

export async function removeNetwork() {
  const there = await run('ip', ['netns', 'list']);
  for (const line of there.split('\n')) {
    const [name = ''] = line.split(' ');
    if (name.startsWith('afl-')) await run('ip', ['netns', 'delete', name]);
  }
}

/** Names of devices may have 15 characters. */
function cable(owner: string): string {
  return `c${createHash('sha256').update(owner).digest('hex').slice(0, 12)}`;
}

export function namespaceOf(owner: string): string {
  return `afl-${owner}`;
}

export async function plug({ owner, privateIp, subnet }: NetworkInterface) {
  const name = namespaceOf(owner);
  const { router } = namespaces;
  const [base, prefix] = subnet.cidr.split('/');
  const gateway = `${base!.split('.').slice(0, 3).join('.')}.${Number(base!.split('.')[3]) + 1}`;
  await run('ip', ['netns', 'add', name]);
  await ip(`link add ens5 netns ${name} type veth peer name ${cable(owner)} netns ${router}`);
  await inside(name, 'ip', 'link', 'set', 'lo', 'up');
  await inside(name, 'ip', 'address', 'add', `${privateIp}/${prefix}`, 'dev', 'ens5');
  await inside(name, 'ip', 'link', 'set', 'ens5', 'up');
  await inside(router, 'ip', 'link', 'set', cable(owner), 'up');
  await inside(router, 'ip', 'route', 'replace', `${privateIp}/32`, 'dev', cable(owner));
  // The router answers for everybody else in the subnet, and for the gateway that is nobody's.
  await inside(router, 'sysctl', '--quiet', '--write', `net.ipv4.conf.${cable(owner)}.proxy_arp=1`);
  await inside(name, 'ip', 'route', 'add', 'default', 'via', gateway);
}

export async function unplug(owner: string) {
  await run('ip', ['netns', 'delete', namespaceOf(owner)]);
}

/** Pulls the cable and leaves everything else as it is. */
export async function cutOff(owner: string) {
  await inside(namespaces.router, 'ip', 'link', 'set', cable(owner), 'down');
}

/** Rules and routes of the account, in force for every packet from now on. */
export async function applyRules(seen: Seen) {
  await run(...inNamespace(namespaces.router, ['nft', '-f', '-']), rulesOf(seen));
  const publicIps = [
    ...seen.interfaces.map(({ publicIp }) => publicIp),
    ...seen.natGateways.map((one) => one.publicIp),
  ];
  for (const address of publicIps)
    if (address !== undefined)
      await inside(namespaces.internet, 'ip', 'route', 'replace', `${address}/32`, 'via', addresses.router);
  for (const { cidr } of seen.subnets)
    await inside(namespaces.internet, 'ip', 'route', 'replace', cidr, 'via', addresses.router);
}

/** The account's routes and security groups as one ruleset of nftables. */
export function rulesOf({ interfaces, subnets, groups, natGateways }: Seen): string {
  const up: string[] = [];
  const translate: string[] = [];
  const arrive: string[] = [];
  for (const subnet of subnets)
    for (const { destination, target } of subnet.routes) {
      const packets = `ip saddr ${subnet.cidr} ip daddr ${destination} oifname "uplink"`;
      if (target.startsWith('igw-')) {
        const known = interfaces.filter((one) => one.subnet.subnetId === subnet.subnetId && one.publicIp !== undefined);
        for (const { privateIp, publicIp } of known) {
          up.push(`ip saddr ${privateIp} ip daddr ${destination} oifname "uplink" jump out`);
          translate.push(`ip saddr ${privateIp} oifname "uplink" snat ip to ${publicIp}`);
          arrive.push(`iifname "uplink" ip daddr ${publicIp} dnat ip to ${privateIp}`);
        }
      }
      const gateway = natGateways.find(({ natGatewayId }) => natGatewayId === target);
      const leadsOut = subnets
        .find(({ subnetId }) => subnetId === gateway?.subnetId)
        ?.routes.some((route) => route.target.startsWith('igw-'));
      if (gateway && leadsOut) {
        up.push(`${packets} jump out`);
        translate.push(`ip saddr ${subnet.cidr} oifname "uplink" snat ip to ${gateway.publicIp}`);
      }
    }
  const members = (groupId: string) =>
    interfaces.filter(({ groupIds }) => groupIds.includes(groupId)).map(({ privateIp }) => privateIp);
  const chains = interfaces.map(({ owner, groupIds }) => {
    const known = groupIds.flatMap((id) => (groups.has(id) ? [groups.get(id)!] : []));
    const inbound = known.flatMap(({ ingress }) => ingress.flatMap((rule) => match('saddr', rule, members)));
    const outbound = known.flatMap(({ egress }) => egress.flatMap((rule) => match('daddr', rule, members)));
    const accept = (line: string) => `${line} accept`.trim();
    // A packet to another interface must be let out by one and in by the other.
    return `  chain in-${cable(owner)} {\n    ${inbound.map(accept).join('\n    ')}\n  }
  chain out-${cable(owner)} {\n    ${outbound.map((line) => `${line} goto deliver`.trim()).join('\n    ')}\n    drop\n  }`;
  });
  const to = interfaces.map(({ owner }) => `    oifname "${cable(owner)}" jump in-${cable(owner)}`);
  const from = interfaces.map(({ owner }) => `    iifname "${cable(owner)}" jump out-${cable(owner)}`);
  return `table inet vpc
delete table inet vpc
table inet vpc {
  chain out { accept; }
  chain deliver {
    ${up.join('\n    ')}
${to.join('\n')}
    drop
  }
${chains.join('\n')}
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ip daddr ${addresses.aboveRouter} tcp dport ${ports.metadata} accept
${from.join('\n')}
    iifname "uplink" jump deliver
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr ${addresses.metadata} tcp dport 80 dnat ip to ${addresses.aboveRouter}:${ports.metadata}
    ${arrive.join('\n    ')}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip daddr ${addresses.aboveRouter} accept
    ${translate.join('\n    ')}
  }
}
`;
}

function match(side: 'saddr' | 'daddr', rule: SecurityRule, members: (groupId: string) => string[]): string[] {
  const sources = [...rule.cidrs, ...rule.groupIds.flatMap(members)];
  if (sources.length === 0) return [];
  const who = sources.includes('0.0.0.0/0') ? '' : `ip ${side} { ${[...new Set(sources)].join(', ')} } `;
  if (rule.protocol === '-1') return [who.trim()];
  if (rule.protocol === 'icmp') return [`${who}ip protocol icmp`];
  return [`${who}${rule.protocol} dport ${rule.from}-${rule.to}`];
}
