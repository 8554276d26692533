import { type Config, get, type PresetName, parseValue, presets, set, settings } from './config.ts';
import { placeOf } from './places.ts';
import { monthlyEstimate, prices } from './prices.ts';
import { airflowVersions } from './wizard/airflow-versions.ts';
import type { Ask } from './wizard/ask.ts';
import { type FoundSubnet, type FoundVpc, fitOf, freeBlock, networkIn } from './wizard/networks.ts';
import { GoBack, monthly, Questions, settingAt } from './wizard/questions.ts';

/** What only the live account knows. Whatever is absent or fails is asked as free text, or not at all. */
export interface Choices {
  /** `us-west-2`, … */
  regions?(): Promise<readonly string[]>;
  /** The letters of the zones of the region that sell the classes of servers and database. */
  zones?(config: Config): Promise<readonly string[]>;
  /** The VPCs of the region. */
  networks?(config: Config): Promise<readonly FoundVpc[]>;
  /** The address that this machine is seen from. */
  myIp?(): Promise<string>;
  /** Releases of Airflow, newest first. */
  versions?(): Promise<readonly string[]>;
}

export interface WizardOptions {
  /** What each question proposes; settings that were given as flags are already in it. */
  readonly defaults: Config;
  readonly choices: Choices;
  readonly ask: Ask;
  /** The name of the page to begin with; those before it are reached by going back. */
  readonly from?: string | undefined;
  /** Told after each answered page, for whoever stops half-way. */
  readonly keep?: (answers: { readonly config: Config; readonly page: string }) => void;
  /** Shows what the answers come to, before the last question. */
  readonly summary?: (config: Config) => void;
}

/** Asks for the settings. Asks everything before it returns, and changes nothing in the account or on disk. */
export async function askSettings(options: WizardOptions): Promise<Config> {
  const wizard = new Wizard(options);
  const pages = Object.keys(wizard.pages) as (keyof Wizard['pages'])[];
  const before: Config[] = [];
  let index = Math.max(0, pages.indexOf(options.from as never));
  while (index < pages.length) {
    const page = pages[index]!;
    before[index] = wizard.config;
    try {
      wizard.turnTo(page, index > 0);
      await wizard.pages[page]();
      options.keep?.({ config: wizard.config, page: pages[index + 1] ?? page });
      index++;
    } catch (error) {
      if (!(error instanceof GoBack)) throw error;
      // Within a page of several questions back leads to its first one.
      if (wizard.asked <= 1) index = Math.max(0, index - 1);
      wizard.config = before[index] ?? options.defaults;
    }
  }
  return wizard.config;
}

/** Any list of at least one entry; undefined when AWS cannot be asked. */
async function listed<T>(ask: () => Promise<readonly T[]> | undefined): Promise<readonly T[] | undefined> {
  try {
    const list = await ask();
    return list?.length ? list : undefined;
  } catch {
    return undefined;
  }
}

class Wizard extends Questions {
  readonly #options: WizardOptions;

  constructor(options: WizardOptions) {
    super(options.defaults, options.ask);
    this.#options = options;
  }

  /** In order. Each asks about one thing, mostly with one question. */
  readonly pages = {
    preset: () => this.#preset(),
    name: () => this.text('name', 'Name of the deployment'),
    region: () => this.#region(),
    zones: () => this.#zones(),
    network: () => this.#network(),
    access: () => this.#access(),
    version: () => this.#version(),
    admin: () => this.text('airflow.admin.username', 'User name of the administrator of Airflow'),
    dags: () => this.#dags(),
    tls: () => this.#tls(),
    finish: () => this.#finish(),
  };

  async #preset(): Promise<void> {
    const start = this.config;
    const options = Object.entries(presets).map(([name, { title, lacks, values }]) => {
      const config = withPreset(start, values);
      const price = monthly(monthlyEstimate(config));
      return { name: `${name}: ${title}, ${price}`, value: name, description: `Lacks ${lacks}.`, config };
    });
    const message = `Size (list prices of ${prices.region}, ${prices.asOf})`;
    const answer = await this.select(message, options, 'standard' satisfies PresetName);
    this.config = options.find(({ value }) => value === answer)?.config ?? start;
  }

  async #region(): Promise<void> {
    const { region } = this.config;
    const regions = await listed(() => this.#options.choices.regions?.());
    if (!regions) return this.text('region', 'Region');
    const values = [...new Set([region, ...regions])].sort();
    const choices = values.map((value) => ({ name: `${value} (${placeOf(value)})`, value }));
    this.set('region', await this.select('Region', choices, region));
  }

  async #zones(): Promise<void> {
    const letters = await listed(() => this.#options.choices.zones?.(this.config));
    if (!letters || letters.length < 2) return this.text('zones', 'Letters of the two availability zones');
    const { region, zones } = this.config;
    const pairs = letters.flatMap((one, index) => letters.slice(index + 1).map((other) => [one, other]));
    // The order is the user's where it was given: node a is in the first zone.
    const given = zones.every((zone) => letters.includes(zone)) ? [zones] : [];
    const ofGiven = (pair: readonly string[]) => given.some((one) => pair.every((zone) => one.includes(zone as never)));
    const choices = [...given, ...pairs.filter((pair) => !ofGiven(pair))].map((pair) => ({
      name: pair.map((letter) => region + letter).join(' and '),
      value: pair.join(','),
    }));
    const answer = await this.select('Availability zones, one for each node', choices, zones.join(','));
    this.set('zones', answer.split(','));
  }

  async #network(): Promise<void> {
    const vpcs = (await listed(() => this.#options.choices.networks?.(this.config))) ?? [];
    const taken = vpcs.flatMap(({ cidrs }) => cidrs);
    const { network, zones, vpc } = this.config;
    const block = freeBlock(network.vpcCidr, taken);
    const proposed = block === network.vpcCidr ? network : networkIn(block);
    const fits = vpcs.map((one) => ({ one, fit: fitOf(one, zones) }));
    const others = fits.map(({ one, fit }) => ({
      name: `${one.vpcId}${one.name ? ` ${one.name}` : ''}, ${one.cidrs.join(' ')}`,
      value: one.vpcId,
      ...('lacks' in fit ? { disabled: `(${fit.lacks})` } : {}),
    }));
    const answer = await this.select(
      'Network',
      [
        { name: `a new VPC, ${block}${taken.length > 0 ? ', which overlaps no other here' : ''}`, value: 'new' },
        { name: 'a new VPC with another block', value: 'other' },
        ...others,
        ...(vpc === 'create' || vpcs.some(({ vpcId }) => vpcId === vpc.use)
          ? []
          : [{ name: `${vpc.use}, as given`, value: 'given' }]),
      ],
      vpc === 'create' ? 'new' : vpcs.some(({ vpcId }) => vpcId === vpc.use) ? vpc.use : 'given',
    );
    for (const { path } of settings) if (/^(network|vpc)\./.test(path)) this.known.add(path);
    if (answer === 'given') return;
    const chosen = fits.find(({ one }) => one.vpcId === answer);
    if (chosen && !('lacks' in chosen.fit)) {
      const { publicSubnets, privateSubnets } = chosen.fit;
      const publicSubnet = await this.#subnet('Public subnet, for the bastion', publicSubnets);
      const [a, c] = zones;
      const first = await this.#subnet(`Private subnet in zone ${a}`, privateSubnets[0]!);
      const second = await this.#subnet(`Private subnet in zone ${c}`, privateSubnets[1]!);
      this.config = { ...this.config, vpc: { use: answer, publicSubnet, privateSubnets: [first, second] } };
      return;
    }
    this.config = set({ ...this.config, vpc: 'create' as const }, 'network', proposed);
    if (answer === 'new') return;
    await this.text('network.vpcCidr', 'Block of the VPC');
    if (this.config.network.vpcCidr !== block)
      this.config = set(this.config, 'network', networkIn(this.config.network.vpcCidr));
    await this.text('network.publicSubnetCidr', 'Block of the public subnet');
    await this.text('network.privateSubnetCidrs', 'Blocks of the two private subnets');
  }

  /** Asks only where there is more than one. */
  async #subnet(message: string, subnets: readonly FoundSubnet[]): Promise<string> {
    if (subnets.length === 1) return subnets[0]!.subnetId;
    const choices = subnets.map(({ subnetId, name, cidr, zone }) => ({
      name: `${subnetId}${name ? ` ${name}` : ''}, ${cidr} in zone ${zone}`,
      value: subnetId,
    }));
    return this.select(message, choices, '');
  }

  async #access(): Promise<void> {
    const { myIp, extraCidrs } = this.config.access;
    const [found] = (await listed(async () => [(await this.#options.choices.myIp?.()) ?? ''])) ?? [];
    const now = found ? `now ${found}` : 'found at each up';
    const choices = [
      { name: `this machine, ${now}`, value: 'auto' },
      { name: `this machine, ${now}, and others that you name`, value: 'more' },
      { name: 'only addresses that you name', value: 'named' },
    ];
    const proposal = myIp !== 'auto' ? 'named' : extraCidrs.length > 0 ? 'more' : 'auto';
    const answer = await this.select('Who may reach it, by SSH and browser', choices, proposal);
    for (const path of ['access.myIp', 'access.extraCidrs']) this.known.add(path);
    if (answer !== 'named') this.set('access.myIp', 'auto');
    if (answer === 'auto') this.set('access.extraCidrs', []);
    if (answer === 'named') await this.text('access.myIp', 'Your address or block');
    if (answer !== 'auto') await this.text('access.extraCidrs', 'Further addresses or blocks, with commas');
  }

  async #version(): Promise<void> {
    const { version } = this.config.airflow;
    const releases = (await listed(() => this.#options.choices.versions?.())) ?? airflowVersions.releases;
    const choices = [...new Set([...(releases.includes(version) ? [] : [version]), ...releases])].map((value) => ({
      name: value,
      value,
    }));
    this.set('airflow.version', await this.select('Release of Airflow', choices, version));
  }

  async #dags(): Promise<void> {
    const { source } = this.config.airflow.dags;
    const choices = [
      { name: 'the shared folder, which "airflow-aws dags push" fills', value: 'efs' },
      { name: 'a Git repository, and the shared folder', value: 'git' },
    ];
    const answer = await this.select('DAGs come from', choices, source);
    const further = ['repository', 'branch', 'subdirectory', 'credentialsParameter'].map(
      (key) => `airflow.dags.${key}`,
    );
    for (const path of further) {
      this.known.add(path);
      if (answer !== 'git') this.config = set(this.config, path, settingAt(path).defaultValue);
    }
    this.set('airflow.dags.source', answer);
    if (answer !== 'git') return;
    await this.text('airflow.dags.repository', 'Address of the repository');
    await this.text('airflow.dags.branch', 'Branch');
    await this.text('airflow.dags.subdirectory', 'Folder in it with the DAGs; nothing for the whole repository');
    await this.text(
      'airflow.dags.credentialsParameter',
      'SSM parameter with its token or key; nothing for a public one',
    );
  }

  async #tls(): Promise<void> {
    const { mode } = this.config.tls;
    const choices = [
      { name: 'self-signed: encrypted, and the browser warns once', value: 'self-signed' },
      { name: 'a certificate of yours', value: 'certificate' },
      { name: 'off: passwords cross the internet readable', value: 'off' },
    ];
    const answer = await this.select('HTTPS', choices, mode);
    for (const path of ['tls.certificateFile', 'tls.privateKeyFile']) {
      this.known.add(path);
      if (answer !== 'certificate') this.config = set(this.config, path, undefined);
    }
    this.set('tls.mode', answer);
    if (answer !== 'certificate') return;
    await this.text('tls.certificateFile', 'File with the certificate chain (PEM)');
    await this.text('tls.privateKeyFile', 'File with its private key (PEM)');
  }

  async #finish(): Promise<void> {
    for (;;) {
      await this.settle();
      this.#options.summary?.(this.config);
      const rest = settings.filter(({ path }) => !this.known.has(path));
      const choices = [
        { name: 'write airflow-aws.yaml', value: 'write' },
        ...(rest.length > 0 ? [{ name: `go through the other ${rest.length} settings first`, value: 'more' }] : []),
        { name: 'go back', value: 'back' },
      ];
      const answer = await this.select('Ready', choices, 'write');
      if (answer === 'write') return;
      if (answer === 'back') {
        this.asked = 1;
        throw new GoBack();
      }
      for (const { path } of rest) await this.other(path);
    }
  }
}

/** A preset changes what nobody has set otherwise. */
function withPreset(config: Config, values: Readonly<Record<string, string>>): Config {
  return Object.entries(values).reduce((changed, [path, text]) => {
    const { kind, defaultValue } = settingAt(path);
    return get(config, path) === defaultValue ? set(changed, path, parseValue(kind, text)) : changed;
  }, config);
}
