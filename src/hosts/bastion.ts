import type { Config } from '../config.ts';
import { type Command, file, files, packages, type ServerFile, script, units } from './command.ts';
import { osOf } from './os.ts';
import { render } from './template.ts';

export interface BastionFacts {
  readonly publicIp: string;
  /** DNS name of the internal load balancer. */
  readonly loadBalancer: string;
}

const folder = '/etc/nginx/airflow-aws';

/** The bastion as a web server: TLS for the browser, everything passed on to the internal load balancer. */
export function bastionCommands(
  config: Pick<Config, 'os' | 'tls'>,
  { publicIp, loadBalancer }: BastionFacts,
): Command[] {
  const os = osOf(config);
  const { mode } = config.tls;
  const server = mode === 'off' ? 'nginx/bastion-plain.conf' : 'nginx/bastion-tls.conf';
  const commands: Command[] = [packages(os.packageManager, os.bastionPackages, { typicalSeconds: 25 })];
  if (mode === 'self-signed')
    commands.push(
      script({
        name: 'make-certificate',
        title: 'make a certificate for its address',
        typicalSeconds: 1,
        timeoutSeconds: 60,
        text: render('scripts/make-certificate.sh', { address: publicIp }),
      }),
    );
  commands.push(
    files('write the configuration of nginx', [
      file(`${folder}/locations.conf`, '0644', 'root:root', render('nginx/bastion-locations.conf', { loadBalancer })),
      ...(mode === 'certificate' ? ownCertificate(config.tls) : []),
      file('/etc/nginx/nginx.conf', '0644', 'root:root', render(server, { nginxUser: os.nginxUser })),
    ]),
    units('restart', ['nginx.service']),
  );
  return commands;
}

function ownCertificate({ certificateFile = '', privateKeyFile = '' }: Config['tls']): ServerFile[] {
  return [
    { path: `${folder}/tls.crt`, mode: '0644', owner: 'root:root', source: { from: certificateFile } },
    { path: `${folder}/tls.key`, mode: '0600', owner: 'root:root', source: { from: privateKeyFile } },
  ];
}

/** What a browser is given. Without a domain it is the bastion's address. */
export function baseUrl(config: Pick<Config, 'tls'>, publicIp: string): string {
  return `${config.tls.mode === 'off' ? 'http' : 'https'}://${publicIp}`;
}
