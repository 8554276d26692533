import type { Config } from '../config.ts';
import { type Command, file, files, packages, type ServerFile, script } from './command.ts';
import { places } from './components.ts';
import { osOf } from './os.ts';
import { render, templateText } from './template.ts';

type Airflow = Config['airflow'];

/** Everything that both nodes have in common and that is in the image: packages, Python, Airflow. No secret, no address. */
export function softwareCommands(config: Pick<Config, 'os' | 'airflow'>): Command[] {
  const os = osOf(config);
  const { airflow } = config;
  const python = os.python(airflow.pythonVersion);
  const constraints = constraintsOf(airflow, python);
  return [
    packages(os.packageManager, os.nodePackages(python, airflow), { typicalSeconds: 60 }),
    files('write the list of Python packages', [
      file(`${places.home}/requirements.txt`, '0644', 'root:root', requirements(airflow)),
      ...constraints.files,
    ]),
    script({
      name: 'install-airflow',
      title: `install Airflow ${airflow.version}`,
      // Measured close to the package index: 20 s; the address of a NAT gateway is further away.
      typicalSeconds: 235,
      timeoutSeconds: 1800,
      long: true,
      text: render('scripts/install-airflow.sh', {
        python,
        driver: airflow.databaseDriver,
        constraints: constraints.option,
      }),
    }),
  ];
}

function requirements({ version, databaseDriver, constraints, dags, extraRequirements }: Airflow): string {
  const lines = [
    `apache-airflow[celery,amazon,fab]==${version}`,
    // The api-server's asynchronous engine uses aiomysql, whatever the driver of the other one is.
    'PyMySQL',
    'aiomysql',
    ...(databaseDriver === 'mysqlclient' ? ['mysqlclient'] : []),
    ...(dags.source === 'git' ? ['apache-airflow-providers-git'] : []),
    // Celery 5.7 dropped a function that the Celery provider imports: worker, flower and scheduler die at their start.
    // A release's own constraints know better.
    ...(constraints === 'none' ? ['celery<5.7'] : []),
    ...extraRequirements,
  ];
  return `${lines.join('\n')}\n`;
}

/** What pip is told, and the files it needs for that on the node. */
function constraintsOf({ version, constraints }: Airflow, python: string): { option: string; files: ServerFile[] } {
  if (constraints === 'none') return { option: '', files: [] };
  if (constraints === 'default') {
    const base = 'https://raw.githubusercontent.com/apache/airflow';
    return { option: `${base}/constraints-${version}/constraints-${python}.txt`, files: [] };
  }
  if (constraints.startsWith('https://')) return { option: constraints, files: [] };
  const path = `${places.home}/constraints.txt`;
  return { option: path, files: [{ path, mode: '0644', owner: 'root:root', source: { from: constraints } }] };
}

/** Before the image is taken: nothing that is this server's own may be in it. */
export function hideIdentity(): Command {
  return script({
    name: 'hide-identity',
    title: 'take host keys and machine id off the volume',
    typicalSeconds: 1,
    timeoutSeconds: 120,
    text: templateText('scripts/hide-identity.sh'),
  });
}

/** Once the image's snapshot has begun. Changes nothing on a server that hides nothing. */
export function showIdentity(): Command {
  return script({
    name: 'show-identity',
    title: 'put host keys and machine id back on the volume',
    typicalSeconds: 1,
    timeoutSeconds: 120,
    text: templateText('scripts/show-identity.sh'),
  });
}
