import type { Config } from '../config.ts';
import { baseUrl } from './bastion.ts';
import { type Command, type Endpoint, file, files, mount, script, type Touches, units } from './command.ts';
import { components, nodeUnits, places } from './components.ts';
import { osOf } from './os.ts';
import { render, templateText } from './template.ts';

/** What a node has to know of the rest of the cluster. None of it is a secret; parameters are named, not read. */
export interface NodeFacts {
  readonly region: string;
  readonly publicIp: string;
  readonly loadBalancer: string;
  readonly bucket: string;
  readonly database: string;
  readonly cache: string;
  readonly fileSystemId: string;
  readonly secretsParameter: string;
  readonly cacheParameter: string;
  readonly masterParameter: string;
}

type NodeConfig = Pick<Config, 'os' | 'airflow' | 'tls' | 'cache' | 'database'>;

function database({ database }: NodeFacts): Endpoint {
  return { address: database, port: 3306 };
}

/** What the services of a node reach. */
function touches({ airflow }: Pick<Config, 'airflow'>, facts: NodeFacts): Touches {
  const { credentialsParameter } = airflow.dags;
  return {
    parameters: [facts.secretsParameter, facts.cacheParameter, ...(credentialsParameter ? [credentialsParameter] : [])],
    endpoints: [database(facts), { address: facts.cache, port: 6379 }, { address: facts.loadBalancer, port: 80 }],
    buckets: [facts.bucket],
  };
}

/** Files, the shared folder and nginx: everything before a service of Airflow starts. The same on every node. */
export function configurationCommands(config: NodeConfig, facts: NodeFacts): Command[] {
  const os = osOf(config);
  return [
    files('write its configuration', [...airflowFiles(config, facts), ...systemdFiles()]),
    files('write the configuration of nginx', [
      file('/etc/nginx/nginx.conf', '0644', 'root:root', render('nginx/node.conf', { nginxUser: os.nginxUser })),
    ]),
    mount({
      path: places.fileSystem,
      ...os.mount(facts.fileSystemId, facts.region),
      fileSystemId: facts.fileSystemId,
    }),
    script({
      name: 'prepare-folders',
      title: 'make the folders of Airflow',
      typicalSeconds: 1,
      timeoutSeconds: 60,
      text: templateText('scripts/prepare-folders.sh'),
    }),
    units('restart', ['nginx.service']),
  ];
}

/**
 * Where Airflow looks for DAGs, as its own setting takes it. The shared folder is always among them: the DAG that proves
 * the cluster is there.
 */
function dagBundles({ dags }: Config['airflow']) {
  const { source, repository, branch, subdirectory } = dags;
  const bundles = 'airflow.dag_processing.bundles';
  const folder = { name: 'dags-folder', classpath: `${bundles}.local.LocalDagBundle`, kwargs: {} };
  if (source === 'efs') return [folder];
  const kwargs = {
    repo_url: repository,
    tracking_ref: branch,
    ...(subdirectory === undefined ? {} : { subdir: subdirectory }),
    git_conn_id: 'git_default',
    // Seconds: a push shows as soon as a file in the folder does, and the host of the repository is spared.
    refresh_interval: 60,
  };
  return [folder, { name: 'git', classpath: 'airflow.providers.git.bundles.git.GitDagBundle', kwargs }];
}

function airflowFiles({ airflow, tls, cache, database }: NodeConfig, facts: NodeFacts) {
  const { authorities } = places;
  const { region, secretsParameter, cacheParameter, masterParameter } = facts;
  const driver = airflow.databaseDriver;
  const python = (name: string, values: Record<string, string>) =>
    file(`${places.home}/lib/${name}`, '0644', 'root:root', render(`airflow/${name}`, values));
  return [
    file(
      '/etc/airflow/airflow.cfg',
      '0640',
      'root:airflow',
      render('airflow/airflow.cfg', {
        loadBalancer: facts.loadBalancer,
        baseUrl: baseUrl({ tls }, facts.publicIp),
        bucket: facts.bucket,
        dagBundles: JSON.stringify(dagBundles(airflow)),
      }),
    ),
    file(
      '/etc/airflow/airflow_local_settings.py',
      '0644',
      'root:root',
      render('airflow/airflow_local_settings.py', { authorities, driver }),
    ),
    python('environment.py', {
      region,
      secretsParameter,
      cacheParameter,
      database: facts.database,
      cache: facts.cache,
      cacheUser: cache.userName,
      driver,
      authorities,
      gitRepository: airflow.dags.repository ?? '',
      gitParameter: airflow.dags.credentialsParameter ?? '',
    }),
    python('create_database.py', {
      region,
      masterParameter,
      secretsParameter,
      database: facts.database,
      master: database.username,
      authorities,
    }),
    python('prove_cluster.py', { region, bucket: facts.bucket, nodes: '2' }),
    python('create_users.py', {
      region,
      secretsParameter,
      adminName: airflow.admin.username,
      adminEmail: airflow.admin.email,
      userName: airflow.user.username,
      userEmail: airflow.user.email,
    }),
    file('/usr/local/bin/airflow-cluster', '0755', 'root:root', templateText('scripts/airflow-cluster.sh')),
  ];
}

function systemdFiles() {
  const unit = (name: string) => file(`/etc/systemd/system/${name}`, '0644', 'root:root', render(`systemd/${name}`));
  return [
    unit('airflow.target'),
    unit('airflow-environment.service'),
    unit('airflow@.service'),
    ...components.map(({ name, arguments: given, memoryPercent, stopSeconds }) =>
      file(
        `/etc/systemd/system/airflow@${name}.service.d/component.conf`,
        '0644',
        'root:root',
        render('systemd/component.conf', { arguments: given, memoryPercent, stopSeconds }),
      ),
    ),
    file('/etc/tmpfiles.d/airflow-aws.conf', '0644', 'root:root', render('systemd/tmpfiles.conf')),
    file('/etc/systemd/journald.conf.d/airflow-aws.conf', '0644', 'root:root', render('systemd/journald.conf')),
  ];
}

/** The database, its user, Airflow's tables and the two users of the web interface. On one node, once. */
export function databaseCommands(facts: NodeFacts): Command[] {
  const { masterParameter, secretsParameter, cacheParameter } = facts;
  return [
    script({
      name: 'migrate-database',
      title: 'make the database of Airflow and its users',
      typicalSeconds: 45,
      timeoutSeconds: 1200,
      long: true,
      touches: { parameters: [masterParameter, secretsParameter, cacheParameter], endpoints: [database(facts)] },
      text: templateText('scripts/migrate.sh'),
    }),
  ];
}

/** Starts what makes the node a part of the cluster, and waits until its api-server answers. */
export function serviceCommands(config: Pick<Config, 'airflow'>, facts: NodeFacts): Command[] {
  return [
    files('write the DAG that proves the cluster', [
      file(
        `${places.dags}/airflow_aws_canary.py`,
        '0644',
        'airflow:airflow',
        templateText('airflow/airflow_aws_canary.py'),
      ),
    ]),
    // One call starts them all: systemd keeps the order, and the environment comes first. A worker that is there already
    // finishes its tasks before it ends.
    units('restart', [...nodeUnits, 'airflow.target'], {
      typicalSeconds: 5,
      timeoutSeconds: 3900,
      touches: touches(config, facts),
    }),
    script({
      name: 'await-api',
      title: 'start its api-server',
      typicalSeconds: 20,
      timeoutSeconds: 400,
      text: templateText('scripts/await-api.sh'),
    }),
  ];
}

/** Runs tasks on every node and reads their logs back from S3; fails with the part that did not do its share. */
export function proveCluster({ bucket }: Pick<NodeFacts, 'bucket'>): Command {
  return script({
    name: 'prove-cluster',
    title: 'run tasks on every node and find their logs',
    typicalSeconds: 30,
    timeoutSeconds: 420,
    touches: { buckets: [bucket] },
    text: '/opt/airflow/venv/bin/python /opt/airflow/lib/prove_cluster.py',
  });
}

/** There from the beginning of a drill to its end, on the node whose scheduler it stops; in memory, as the stop is. */
export const drillMarker = '/run/airflow-aws/drill';

/** Stops the node's scheduler; the server itself starts it again after 15 minutes, should nobody end the drill. */
export function beginDrill(): Command {
  return script({
    name: 'begin-drill',
    title: 'stop its scheduler for a drill',
    typicalSeconds: 2,
    timeoutSeconds: 120,
    text: templateText('scripts/begin-drill.sh'),
  });
}

export function endDrill(): Command {
  return script({
    name: 'end-drill',
    title: 'start its scheduler again',
    typicalSeconds: 2,
    timeoutSeconds: 120,
    text: templateText('scripts/end-drill.sh'),
  });
}
