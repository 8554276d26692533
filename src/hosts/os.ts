import type { Config } from '../config.ts';

type OsName = Config['os'];

/** Names of the SSM public parameters that hold the id of the newest image. */
export const imageParameters: Record<OsName, string> = {
  'amazon-linux-2023': '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
  'debian-13': '/aws/service/debian/release/13/latest/amd64',
};

/** Device names of the images' root volumes; another name would be a second volume. */
export const rootDevices: Record<OsName, string> = {
  'amazon-linux-2023': '/dev/xvda',
  'debian-13': '/dev/xvda',
};

/** All that differs between the operating systems. */
export interface Os {
  readonly loginUser: string;
  readonly packageManager: 'dnf' | 'apt';
  readonly nginxUser: string;
  /** The version of Python that Airflow runs on, given the setting. */
  python(wanted: string): string;
  readonly bastionPackages: readonly string[];
  nodePackages(python: string, airflow: Pick<Config['airflow'], 'databaseDriver' | 'dags'>): readonly string[];
  /** How EFS is mounted. `efs` encrypts on the way; Debian has no such helper, and plain NFS does not. */
  mount(fileSystemId: string, region: string): { type: 'efs' | 'nfs4'; source: string; options: string };
}

const table: Record<OsName, Os> = {
  'amazon-linux-2023': {
    loginUser: 'ec2-user',
    packageManager: 'dnf',
    nginxUser: 'nginx',
    python: (wanted) => wanted,
    bastionPackages: ['nginx', 'openssl'],
    nodePackages: (python, { databaseDriver, dags }) => [
      'nginx',
      'amazon-efs-utils',
      `python${python}`,
      `python${python}-pip`,
      ...(dags.source === 'git' ? ['git'] : []),
      ...(databaseDriver === 'mysqlclient'
        ? ['gcc', 'pkgconf-pkg-config', `python${python}-devel`, 'mariadb-connector-c-devel']
        : []),
    ],
    mount: (fileSystemId) => ({ type: 'efs', source: `${fileSystemId}:/`, options: '_netdev,tls,nofail' }),
  },
  'debian-13': {
    loginUser: 'admin',
    packageManager: 'apt',
    nginxUser: 'www-data',
    // Debian 13 packages this one and no other.
    python: () => '3.13',
    bastionPackages: ['nginx', 'openssl', 'curl', 'ca-certificates'],
    nodePackages: (_python, { databaseDriver, dags }) => [
      'nginx',
      'nfs-common',
      'python3',
      'python3-venv',
      'curl',
      'ca-certificates',
      ...(dags.source === 'git' ? ['git'] : []),
      ...(databaseDriver === 'mysqlclient' ? ['gcc', 'pkg-config', 'python3-dev', 'libmariadb-dev'] : []),
    ],
    mount: (fileSystemId, region) => ({
      type: 'nfs4',
      source: `${fileSystemId}.efs.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}:/`,
      options: 'nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev,nofail',
    }),
  },
};

export function osOf(config: Pick<Config, 'os'>): Os {
  return table[config.os];
}
