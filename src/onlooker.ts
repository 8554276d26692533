import type { Aws, Clients } from './aws.ts';
import { type Command, isChange } from './hosts/command.ts';

/** An `Aws` that looks and changes nothing. */
export interface Onlooker {
  readonly aws: Aws;
  /** True once something was to be changed, which `aws` did not do. */
  wasAsked(): boolean;
}

/** Calls of AWS that only ask, by the first word of their names. */
const asking = /^(Describe|Get|List|Head)/;

/**
 * What `find` and `finish` are given to learn what they can, without doing anything: questions go through, changes are
 * answered with nothing and remembered, and every wait is one look, which rejects where it sees nothing yet.
 */
export function onlooker(aws: Aws): Onlooker {
  let asked = false;
  const skip = () => {
    asked = true;
    return Promise.resolve({});
  };
  const { ec2, rds, elasticache, efs, elbv2, s3, iam, ssm } = aws;
  const clients = Object.fromEntries(
    Object.entries({ ec2, rds, elasticache, efs, elbv2, s3, iam, ssm } satisfies Clients).map(([name, client]) => {
      const real = client as { send(command: object): Promise<object> };
      return [
        name,
        { send: (command: object) => (asking.test(command.constructor.name) ? real.send(command) : skip()) },
      ];
    }),
  ) as unknown as Clients;
  return {
    aws: {
      ...aws,
      ...clients,
      shell: {
        async run(host, command, options) {
          if (!isChange(command)) return aws.shell.run(host, command, options);
          if (!isProof(command)) await skip();
          return { stdout: '' };
        },
      },
      async wait(what, look) {
        const found = await look();
        if (found === undefined) throw new Error(`not yet: ${what.for}`);
        return found;
      },
    },
    wasAsked: () => asked,
  };
}

/** It runs tasks to see that they run, and leaves the servers as they were. */
function isProof(command: Command): boolean {
  return command.kind === 'script' && command.name === 'prove-cluster';
}
