/** What is open to whom, and what a browser meets on its way to Airflow. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Airflow } from './airflow.ts';
import { Browser, logIn } from './browser.ts';
import { type Cluster, ends, newDirectory, onNode, operator, reach } from './cluster.ts';
import { figure } from './figures.ts';
import { hostNamed, onHost } from './hosts.ts';
import { outputFolder, writeSettings } from './operator.ts';
import { cacheFolder, run } from './processes.ts';
import { certificate } from './services.ts';

export function doorTests(cluster: () => Cluster, browser: { current?: Browser }) {
  /** Status of an address as it is written, without any putting right by curl. */
  const status = async (path: string) =>
    Number(
      await operator(
        ...['curl', '--silent', '--insecure', '--path-as-is', '--max-time', '20', '--output', '/dev/null'],
        ...['--write-out', '%{http_code}', `${cluster().airflow.url}${path}`],
      ),
    );

  test('nobody on the internet reaches a node, the database or Flower', async () => {
    const bastion = hostNamed('bastion').publicIp!;
    expect(await reach('operator', bastion, 443)).toBe('open');
    expect(await reach('operator', bastion, 5555)).toBe('shut');
    expect(await reach('operator', hostNamed('a').privateIp, 22)).toBe('shut');
    const { databases, caches } = cluster().region.seen!;
    expect(await reach('operator', databases[0]!.privateIp, 3306)).toBe('shut');
    expect(await reach('operator', caches[0]!.privateIp, 6379)).toBe('shut');
    // Airflow answers there with its own page, as to any path that it does not know.
    const flower = await operator(
      'curl',
      '--silent',
      '--insecure',
      '--max-time',
      '20',
      `${cluster().airflow.url}/flower/`,
    );
    expect(flower).not.toMatch(/flower/i);
  });

  test("the tasks' API is closed at the bastion, however its address is written, and open inside", async () => {
    for (const path of ['/execution/health', '//execution/health', '/%65xecution/health', '/x/../execution/health'])
      expect(await status(path), path).toBe(404);
    const { dnsName } = cluster().region.seen!.loadBalancers[0]!;
    expect(await onNode('a', 'curl', '--silent', '--fail', `http://${dnsName}/execution/health`)).toContain('healthy');
  });

  test('nodes reach of one another what STEP 7 opens, and nothing else', async () => {
    expect(await reach('a', hostNamed('c').privateIp, 8793)).toBe('open');
    // sshd listens there, for the bastion alone.
    expect(await reach('a', hostNamed('c').privateIp, 22)).toBe('shut');
  });

  test('Flower shows itself on a node to who knows its password', async () => {
    const asking = ['curl', '--silent', '--output', '/dev/null', '--write-out', '%{http_code}'];
    expect(await onNode('c', ...asking, 'http://127.0.0.1:5555/flower/')).toBe('401');
    // By standard input: arguments show in every list of processes.
    const known = `url = "http://127.0.0.1:5555/flower/"\nuser = "flower:${cluster().secrets.flowerPassword}"\n`;
    expect(await run(...(await onHost('c', [...asking, '--config', '-'])), known)).toBe('200');
  });

  test('the way to the log-in page has no loop, and no step of it leaves TLS or the bastion', async () => {
    const { url } = cluster().airflow;
    const curl = ['curl', '--silent', '--show-error', '--insecure', '--location', '--max-redirs', '8'];
    const headers = await operator(...curl, '--max-time', '30', '--cookie', '', '--head', url.replace('https', 'http'));
    const places = [...headers.matchAll(/^location: (\S+)/gim)].map(([, place]) => place!);
    // From port 80 to 443, and from there to the form.
    expect(places[0]).toBe(`${url}/`);
    for (const place of places) expect(new URL(place, url).origin, place).toBe(url);
    const page = await operator(...curl, '--max-time', '30', '--cookie', '', `${url}/auth/login/`);
    expect(page).toContain('name="password"');
    const cookies = [...headers.matchAll(/^set-cookie: (.*)$/gim)].map(([, cookie]) => cookie!);
    for (const cookie of cookies.filter((one) => !one.startsWith('AWSALB')))
      expect(cookie.toLowerCase(), cookie).toContain('secure');
  });

  test('a browser logs in as the Admin user through the bastion, and stays logged in', async () => {
    const { airflow, secrets } = cluster();
    browser.current = await Browser.open();
    const page = browser.current;
    await page.open(airflow.url);
    await page.until(`document.querySelector('input[name=password]') !== null`, 180);
    await page.screenshot(join(outputFolder, 'log-in.png'));
    await logIn(page, airflow.url, 'admin', secrets.adminPassword!);
    const inside = `document.body.innerText.includes('Dags') && !location.pathname.includes('login')`;
    await page.until(inside, 180);
    expect(await page.evaluate('location.origin')).toBe(airflow.url);
    await page.open(`${airflow.url}/`);
    await page.until(inside, 180);
  });

  test('the user without the role Admin logs in and may not see connections', async () => {
    const user = new Airflow(cluster().airflow.url);
    await user.logIn('user', cluster().secrets.userPassword!);
    await expect(user.call('GET', '/api/v2/dags')).resolves.toBeDefined();
    await expect(user.call('GET', '/api/v2/connections')).rejects.toThrow('403');
  });
}

export function ownCertificateTests(cluster: () => Cluster) {
  test("a certificate of one's own is served in place of the bastion's, and the key goes nowhere else", async () => {
    const { directory, airflow } = cluster();
    const own = newDirectory();
    const { hostname } = new URL(airflow.url);
    await certificate(own, hostname, 'IP');
    writeSettings(directory, undefined, {
      tls: `{ mode: certificate, certificateFile: ${own}/server.crt, privateKeyFile: ${own}/server.key }`,
    });
    const began = Date.now();
    await ends(directory, 0, ['up', '--yes']);
    figure('seconds of up after a change of settings that both nodes need', Math.round((Date.now() - began) / 1000));
    const trusting = ['--cacert', join(cacheFolder, 'ca/ca.crt')];
    const curl = ['curl', '--silent', '--show-error', '--fail', '--max-time', '20', ...trusting];
    expect(await operator(...curl, `${airflow.url}/api/v2/version`)).toContain('"version"');
    expect(await onNode('bastion', 'stat', '-c', '%a %U', '/etc/nginx/airflow-aws/tls.key')).toBe('600 root\n');
    const key = readFileSync(join(own, 'server.key'), 'utf8').split('\n')[5]!;
    expect(key.length).toBeGreaterThan(60);
    const kept = await run('grep', ['-rlF', '-f', '-', directory], `${key}\n`).catch(() => '');
    expect(kept).toBe('');
    expect((await ends(directory, 0, ['up', '--yes'])).output).toContain('nothing was changed');
    rmSync(own, { recursive: true });
  });
}
