import { names } from '../names.ts';
import { places } from '../places.ts';
import { blockOf, canonicalCidr, contains, overlap } from './cidr.ts';
import { nearest } from './nearest.ts';
import type { Config } from './schema.ts';

/** What is wrong with one setting. `where` tells who gave the value: a line of the file, a flag, a variable. */
export interface Problem {
  readonly path: string;
  readonly where?: string | undefined;
  readonly problem: string;
  readonly fix: string;
}

/** What AWS or Airflow would refuse, minutes later and in their own words, though every value by itself is well formed. */
export function rules(config: Config): Problem[] {
  return [
    ...nameRules(config),
    ...zoneRules(config),
    ...networkRules(config),
    ...vpcRules(config),
    ...serverRules(config),
    ...databaseRules(config),
    ...cacheRules(config),
    ...airflowRules(config),
    ...dagRules(config),
    ...bucketRules(config),
    ...tlsRules(config),
    ...tagRules(config),
  ];
}

/** What is allowed and probably not meant. */
export function warnings(config: Config): string[] {
  const found: string[] = [];
  const { vpcCidr } = config.network;
  const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];
  if (!privateRanges.some((range) => contains(blockOf(range), blockOf(vpcCidr)))) {
    found.push(
      `network.vpcCidr ${vpcCidr} is not a private range (RFC 1918): the real owner of it will be unreachable.`,
    );
  }
  for (const cidr of [config.access.myIp, ...config.access.extraCidrs]) {
    if (cidr !== 'auto' && blockOf(cidr).prefix < 8) {
      found.push(`access: ${cidr} lets a large part of the internet reach SSH and the log-in page of the bastion.`);
    }
  }
  if (!Object.hasOwn(places, config.region)) {
    const near = nearest(config.region, Object.keys(places));
    found.push(`region ${config.region} is not a known one${near ? `; did you mean ${near}?` : '.'}`);
  }
  return found;
}

/** Longest names that AWS takes, of those that are made from the deployment's name. */
const longest = {
  loadBalancer: 32,
  targetGroup: 32,
  replicationGroup: 40,
  cacheUser: 40,
  cacheUserGroup: 40,
  bucket: 63,
  role: 64,
} as const;

function* nameRules(config: Config): Generator<Problem> {
  const { name } = config;
  // ELB keeps "internal-", EC2 "sg-" and S3 "sthree-" for itself, and these would be the start of a name made from it.
  if (['internal', 'sg', 'sthree'].includes(name)) {
    yield {
      path: 'name',
      problem: `AWS refuses names that start with "${name}-"`,
      fix: 'Choose another name.',
    };
  }
  // Every account id has twelve digits, so the lengths are known before anybody has logged in.
  const derived = names(config, '0'.repeat(12));
  for (const [key, limit] of Object.entries(longest) as [keyof typeof longest, number][]) {
    const excess = derived[key].length - limit;
    if (excess <= 0 || (key === 'bucket' && config.storage.bucketName)) continue;
    const other = { bucket: 'storage.bucketName', cacheUser: 'cache.userId' }[key as string];
    yield {
      path: 'name',
      problem: `${derived[key]} (${key}) would have ${derived[key].length} characters, and AWS takes ${limit}`,
      fix: `Shorten name by ${excess}${other ? `, or set ${other}` : ''}.`,
    };
  }
}

function* zoneRules({ zones: [one, other] }: Config): Generator<Problem> {
  if (one === other) {
    yield {
      path: 'zones',
      problem: `both zones are "${one}": one failing zone would stop the whole cluster, and AWS wants two for the load balancer and the database`,
      fix: 'Give two different letters, as a,c.',
    };
  }
}

function* networkRules({ network }: Config): Generator<Problem> {
  const subnets = [
    ['network.publicSubnetCidr', network.publicSubnetCidr],
    ['network.privateSubnetCidrs', network.privateSubnetCidrs[0]],
    ['network.privateSubnetCidrs', network.privateSubnetCidrs[1]],
  ] as const;
  for (const [path, cidr] of [['network.vpcCidr', network.vpcCidr], ...subnets] as const) {
    const { prefix } = blockOf(cidr);
    if (canonicalCidr(cidr) !== cidr) {
      yield {
        path,
        problem: `${cidr} has host bits set`,
        fix: `Write ${canonicalCidr(cidr)}.`,
      };
    }
    const smallest = path === 'network.privateSubnetCidrs' ? 27 : 28;
    if (prefix < 16 || prefix > smallest) {
      const reason = smallest === 27 ? ' (a load balancer wants at least a /27)' : '';
      yield {
        path,
        problem: `/${prefix} is not between /16 and /${smallest}${reason}`,
        fix: `Use a prefix from /16 to /${smallest}.`,
      };
    }
  }
  for (const [index, [path, cidr]] of subnets.entries()) {
    if (!contains(blockOf(network.vpcCidr), blockOf(cidr))) {
      yield {
        path,
        problem: `${cidr} is not inside the VPC's ${network.vpcCidr}`,
        fix: 'Move the subnet into the block of the VPC, or change network.vpcCidr.',
      };
    }
    for (const [otherPath, otherCidr] of subnets.slice(index + 1)) {
      if (overlap(blockOf(cidr), blockOf(otherCidr))) {
        yield {
          path: otherPath,
          problem: `${otherCidr} overlaps ${cidr} (${path})`,
          fix: 'Give every subnet a block of its own.',
        };
      }
    }
  }
}

function* vpcRules({ vpc }: Config): Generator<Problem> {
  if (vpc === 'create') return;
  const ids = [vpc.publicSubnet, ...vpc.privateSubnets];
  for (const twice of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) {
    yield {
      path: twice === vpc.publicSubnet ? 'vpc.publicSubnet' : 'vpc.privateSubnets',
      problem: `${twice} is named twice, and the three subnets differ in zone or in their way out`,
      fix: 'Name three different subnets.',
    };
  }
}

function* serverRules(config: Config): Generator<Problem> {
  for (const key of ['bastion', 'nodes'] as const) {
    const { instanceType } = config[key];
    // Graviton families have a g behind their number: t4g, m7gd, c6gn.
    if (/^([a-z]+\d+g|a1\.)/.test(instanceType)) {
      yield {
        path: `${key}.instanceType`,
        problem: `${instanceType} has an ARM processor, and the servers' image is x86_64`,
        fix: 'Use a type such as t3.large or m6i.large.',
      };
    }
  }
  if (config.os === 'debian-13' && config.airflow.pythonVersion !== '3.13') {
    yield {
      path: 'airflow.pythonVersion',
      problem: `Debian 13 has Python 3.13 and no ${config.airflow.pythonVersion}`,
      fix: 'Set it to 3.13, or os to amazon-linux-2023.',
    };
  }
}

/** Master user names that Aurora keeps for itself or that MySQL reserves, and the user that Airflow itself logs in as. */
const takenUsernames = new Set(
  'rdsadmin rdsrepladmin rds_superuser_role mysql airflow all database default grant group index key order select system table'.split(
    ' ',
  ),
);

function* databaseRules({ database: { username, instanceClass } }: Config): Generator<Problem> {
  if (takenUsernames.has(username.toLowerCase())) {
    const owner =
      username.toLowerCase() === 'airflow' ? "is Airflow's own user in the database" : 'is reserved by Aurora MySQL';
    yield {
      path: 'database.username',
      problem: `"${username}" ${owner}`,
      fix: 'Choose another name, such as admin.',
    };
  }
  if (/^db\.(t[123]|t4g)\.(micro|small)$|^db\.t2\.|^db\.serverless$/.test(instanceClass)) {
    yield {
      path: 'database.instanceClass',
      problem: `Aurora MySQL 3 does not run as one instance of ${instanceClass}`,
      fix: 'Use db.t4g.medium, db.t3.medium or larger.',
    };
  }
}

function* cacheRules({ cache }: Config): Generator<Problem> {
  const { engine, engineVersion } = cache;
  const version = Number(engineVersion);
  const [from, to] = engine === 'redis' ? [6, 7.1] : [7.2, 9.9];
  if (version < from || version > to) {
    yield {
      path: 'cache.engineVersion',
      problem:
        engine === 'redis' && version < 6
          ? `Redis ${engineVersion} knows no users, so everybody in the VPC could read the broker`
          : `there is no ${engine} ${engineVersion} on ElastiCache`,
      fix: engine === 'redis' ? 'Use 7.1 (or 6.x, 7.0), or cache.engine valkey with 8.0.' : 'Use 8.0 or 7.2.',
    };
  }
  for (const key of ['userId', 'userName'] as const) {
    if (cache[key].toLowerCase() === 'default') {
      yield {
        path: `cache.${key}`,
        problem: "ElastiCache's own user without password is called default",
        fix: 'Choose another name, such as redisairflow.',
      };
    }
  }
}

function* dagRules({ name, airflow: { dags } }: Config): Generator<Problem> {
  const { source, repository, credentialsParameter } = dags;
  if (source === 'git' && !repository) {
    yield {
      path: 'airflow.dags.repository',
      problem: 'airflow.dags.source git needs it',
      fix: 'Give the address of the repository.',
    };
  }
  for (const key of ['repository', 'subdirectory', 'credentialsParameter'] as const) {
    if (source === 'git' || dags[key] === undefined) continue;
    yield {
      path: `airflow.dags.${key}`,
      problem: `airflow.dags.source is ${source}`,
      fix: 'Set airflow.dags.source to git, or take it out.',
    };
  }
  // The nodes' role reads the deployment's own parameters and no others.
  const readable = `/airflow-aws/${name}/`;
  if (credentialsParameter !== undefined && !credentialsParameter.startsWith(readable)) {
    yield {
      path: 'airflow.dags.credentialsParameter',
      problem: `the nodes may read parameters below ${readable} only`,
      fix: `Call it ${readable}git.`,
    };
  }
}

function* airflowRules({ airflow: { admin, user } }: Config): Generator<Problem> {
  for (const key of ['username', 'email'] as const) {
    if (admin[key].toLowerCase() === user[key].toLowerCase()) {
      yield {
        path: `airflow.user.${key}`,
        problem: `airflow.admin.${key} is "${admin[key]}" too, and Airflow keeps them unique`,
        fix: 'Give the two users different ones.',
      };
    }
  }
}

function* bucketRules({ storage: { bucketName } }: Config): Generator<Problem> {
  if (bucketName && /^(xn-|sthree-|amzn-s3-demo-)|-s3alias$/.test(bucketName)) {
    yield {
      path: 'storage.bucketName',
      problem: `S3 keeps names such as "${bucketName}" for itself`,
      fix: 'Do not start with sthree- or amzn-s3-demo-, nor end with -s3alias.',
    };
  }
}

function* tlsRules({ tls }: Config): Generator<Problem> {
  for (const key of ['certificateFile', 'privateKeyFile'] as const) {
    if (tls.mode === 'certificate' && !tls[key]) {
      yield {
        path: `tls.${key}`,
        problem: 'tls.mode certificate needs it',
        fix: 'Give the path of the PEM file.',
      };
    }
    if (tls.mode !== 'certificate' && tls[key]) {
      yield {
        path: `tls.${key}`,
        problem: `tls.mode is ${tls.mode}`,
        fix: 'Set tls.mode to certificate, or take it out.',
      };
    }
  }
}

/** AWS allows fifty on a resource; the rest are the tool's own. */
const mostTags = 40;

function* tagRules({ tags }: Config): Generator<Problem> {
  const allowed = /^[\p{L}\p{N} _.:/=+\-@]*$/u;
  const count = Object.keys(tags).length;
  if (count > mostTags) {
    yield {
      path: 'tags',
      problem: `${count} tags are too many`,
      fix: `Keep at most ${mostTags}.`,
    };
  }
  for (const [key, value] of Object.entries(tags)) {
    const path = `tags.${key}`;
    if (/^(aws|airflow-aws):/i.test(key) || key === 'Name') {
      yield {
        path,
        problem: 'this tag is set by AWS or by airflow-aws itself',
        fix: 'Choose another key.',
      };
    }
    if (key.length < 1 || key.length > 128 || value.length > 256) {
      yield {
        path,
        problem: 'a key has 1 to 128 characters and a value up to 256',
        fix: 'Shorten it.',
      };
    }
    if (!allowed.test(key) || !allowed.test(value) || value.trim() !== value || key.trim() !== key) {
      yield {
        path,
        problem: 'AWS takes letters, digits, inner spaces and _ . : / = + - @ only',
        fix: 'Take the other characters out.',
      };
    }
  }
}
