import { describe, expect, it } from 'vitest';
import { type Config, schema } from '../../src/config/schema.ts';
import { bastionCommands } from '../../src/hosts/bastion.ts';
import type { Command, ServerFile } from '../../src/hosts/command.ts';
import { airflowUnits } from '../../src/hosts/components.ts';
import { configurationCommands, type NodeFacts, serviceCommands } from '../../src/hosts/node.ts';
import { softwareCommands } from '../../src/hosts/software.ts';
import { everyCommand } from './every-command.ts';

const config = (given: object = {}): Config => schema.parse(given);

const facts: NodeFacts = {
  region: 'us-west-2',
  publicIp: '198.51.100.7',
  loadBalancer: 'internal-pms-airflow-alb-1.us-west-2.elb.amazonaws.com',
  bucket: 'pms-oregon-bucket-123456789012-us-west-2-an',
  database: 'pms-airflow-rds.cluster-abc.us-west-2.rds.amazonaws.com',
  cache: 'master.pms-airflow-redis.abc.usw2.cache.amazonaws.com',
  fileSystemId: 'fs-0123',
  secretsParameter: '/airflow-aws/pms/airflow-secrets',
  cacheParameter: '/airflow-aws/pms/cache-password',
  masterParameter: '/airflow-aws/pms/database-password',
};

const everything = (settings: Config) => everyCommand(settings, facts);

function fileOf(commands: readonly Command[], path: string): string {
  const files = commands.flatMap((command): readonly ServerFile[] => (command.kind === 'files' ? command.files : []));
  const found = files.find((one) => one.path === path);
  if (!found || !('content' in found.source)) throw new Error(`no file ${path}`);
  return found.source.content;
}

describe.each(['amazon-linux-2023', 'debian-13'])('on %s', (os) => {
  const settings = config({ os });

  it('names of packages fit the package manager', () => {
    const managers = everything(settings).flatMap((command) => (command.kind === 'packages' ? [command.manager] : []));
    expect(new Set(managers)).toEqual(new Set([os === 'debian-13' ? 'apt' : 'dnf']));
  });

  it('every component of Airflow has a unit of its own, started on the node', () => {
    const started = serviceCommands(settings, facts).flatMap((command) =>
      command.kind === 'units' ? command.names : [],
    );
    expect(started).toEqual(expect.arrayContaining([...airflowUnits]));
    expect(airflowUnits).toHaveLength(6);
  });
});

describe('software', () => {
  it('holds Celery below the release that breaks the provider, unless constraints say what fits', () => {
    const free = softwareCommands(config({ airflow: { constraints: 'none' } }));
    expect(fileOf(free, '/opt/airflow/requirements.txt')).toContain('celery<5.7');
    const constrained = softwareCommands(config());
    expect(fileOf(constrained, '/opt/airflow/requirements.txt')).not.toContain('celery<');
  });

  it("takes the release's own constraints by default", () => {
    const install = softwareCommands(config()).at(-1)!;
    expect(install).toMatchObject({ kind: 'script', long: true });
    expect(install.kind === 'script' && install.text).toContain('constraints-3.3.2/constraints-3.12.txt');
  });

  it('brings a compiler only with the driver that is compiled', () => {
    const names = (databaseDriver: string) =>
      softwareCommands(config({ airflow: { databaseDriver } })).flatMap((one) =>
        one.kind === 'packages' ? one.names : [],
      );
    expect(names('pymysql')).not.toContain('gcc');
    expect(names('mysqlclient')).toContain('gcc');
  });

  it('installs the further packages of the settings', () => {
    const commands = softwareCommands(config({ airflow: { extraRequirements: ['pandas==2.3.3'] } }));
    expect(fileOf(commands, '/opt/airflow/requirements.txt')).toContain('pandas==2.3.3');
  });

  it('sends a constraints file of this machine when it runs, and not before', () => {
    const commands = softwareCommands(config({ airflow: { constraints: './mine.txt' } }));
    const files = commands.flatMap((one) => (one.kind === 'files' ? one.files : []));
    expect(files).toContainEqual(expect.objectContaining({ source: { from: './mine.txt' } }));
  });
});

describe('configuration', () => {
  const cfg = fileOf(configurationCommands(config(), facts), '/etc/airflow/airflow.cfg');

  it('sends tasks to the execution API through the internal load balancer', () => {
    expect(cfg).toContain(`execution_api_server_url = http://${facts.loadBalancer}/execution/`);
  });

  it('keeps logs in the bucket, under the folder of the tutorial', () => {
    expect(cfg).toContain(`remote_base_log_folder = s3://${facts.bucket}/airflow_log`);
  });

  it("has the bastion's own address as the base of all links", () => {
    expect(cfg).toContain('base_url = https://198.51.100.7\n');
    const plain = configurationCommands(config({ tls: { mode: 'off' } }), facts);
    expect(fileOf(plain, '/etc/airflow/airflow.cfg')).toContain('base_url = http://198.51.100.7\n');
  });

  it('notices a dead node within the time that was measured', () => {
    for (const line of [
      'task_instance_heartbeat_timeout = 60',
      'default_task_retries = 2',
      'default_task_retry_delay = 10',
    ])
      expect(cfg).toContain(line);
  });

  it('checks the certificates of database and broker', () => {
    const commands = configurationCommands(config(), facts);
    expect(fileOf(commands, '/opt/airflow/lib/environment.py')).toContain('ssl_cert_reqs=required');
    expect(fileOf(commands, '/etc/airflow/airflow_local_settings.py')).toContain('cafile=AUTHORITIES');
  });

  it('takes DAGs from the shared folder, and from a repository beside it where there is one', () => {
    const bundlesIn = (text: string) =>
      JSON.parse(/^dag_bundle_config_list = (.*)$/m.exec(text)![1]!.replaceAll('%%', '%'));
    const folder = {
      name: 'dags-folder',
      classpath: 'airflow.dag_processing.bundles.local.LocalDagBundle',
      kwargs: {},
    };
    expect(bundlesIn(cfg)).toEqual([folder]);
    const dags = { source: 'git', repository: 'https://git.example/a%20b.git', branch: 'v1', subdirectory: 'dags' };
    const settings = config({ airflow: { dags: { ...dags, credentialsParameter: '/airflow-aws/pms/git' } } });
    const commands = configurationCommands(settings, facts);
    const ofGit = fileOf(commands, '/etc/airflow/airflow.cfg');
    expect(bundlesIn(ofGit)).toEqual([
      folder,
      {
        name: 'git',
        classpath: 'airflow.providers.git.bundles.git.GitDagBundle',
        kwargs: {
          repo_url: 'https://git.example/a%20b.git',
          tracking_ref: 'v1',
          subdir: 'dags',
          git_conn_id: 'git_default',
          refresh_interval: 60,
        },
      },
    ]);
    const software = softwareCommands(settings);
    expect(fileOf(software, '/opt/airflow/requirements.txt')).toContain('apache-airflow-providers-git\n');
    expect(software[0]).toMatchObject({ kind: 'packages', names: expect.arrayContaining(['git']) });
    const restart = serviceCommands(settings, facts).find(({ kind }) => kind === 'units');
    expect(restart?.touches?.parameters).toContain('/airflow-aws/pms/git');
  });

  it('names parameters in place of secrets', () => {
    const environment = fileOf(configurationCommands(config(), facts), '/opt/airflow/lib/environment.py');
    expect(environment).toContain(facts.secretsParameter);
    expect(cfg).not.toMatch(/fernet_key|jwt_secret|broker_url|sql_alchemy_conn\b/);
  });

  it('mounts EFS encrypted on Amazon Linux', () => {
    expect(configurationCommands(config(), facts)).toContainEqual(
      expect.objectContaining({ kind: 'mount', type: 'efs', options: expect.stringContaining('tls') }),
    );
  });
});

describe('the bastion', () => {
  const locations = '/etc/nginx/airflow-aws/locations.conf';

  it("closes the tasks' API to the outside", () => {
    expect(fileOf(bastionCommands(config(), facts), locations)).toContain('location /execution/ { return 404; }');
  });

  it('looks the load balancer up anew, since its addresses change', () => {
    const commands = bastionCommands(config(), facts);
    expect(fileOf(commands, locations)).toContain(`set $load_balancer "${facts.loadBalancer}"`);
    expect(fileOf(commands, '/etc/nginx/nginx.conf')).toContain('resolver 169.254.169.253');
  });

  it('puts redirects and cookies right where it ends TLS', () => {
    const text = fileOf(bastionCommands(config(), facts), '/etc/nginx/nginx.conf');
    expect(text).toContain('proxy_redirect http://$host/ /;');
    expect(text).toContain('proxy_cookie_flags ~ secure;');
  });

  it('speaks plain HTTP only when told to', () => {
    const text = fileOf(bastionCommands(config({ tls: { mode: 'off' } }), facts), '/etc/nginx/nginx.conf');
    expect(text).not.toContain('ssl');
    expect(bastionCommands(config({ tls: { mode: 'off' } }), facts).map(({ title }) => title)).not.toContain(
      'make a certificate for its address',
    );
  });

  it('reads a private key of the user when it runs, and makes it readable by root alone', () => {
    const tls = { mode: 'certificate', certificateFile: 'c.pem', privateKeyFile: 'k.pem' };
    const files = bastionCommands(config({ tls }), facts).flatMap((one) => (one.kind === 'files' ? one.files : []));
    expect(files).toContainEqual(expect.objectContaining({ mode: '0600', source: { from: 'k.pem' } }));
  });
});
