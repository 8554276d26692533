/** What AWS (or what poses as it) says of servers and file systems ends up in files whose lines are options and mounts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bashOf } from '../../src/hosts/bash.ts';
import { mount } from '../../src/hosts/command.ts';
import { sshConfig } from '../../src/hosts/ssh-config.ts';

const pieces = fc.constantFrom(
  '\n',
  '\r',
  ' ',
  '\t',
  '#',
  '"',
  '%',
  '\\',
  'ProxyCommand',
  '\0',
  '\u2028',
  '10.0.2.10',
  'x',
);
const wild = fc.string({ unit: fc.oneof(pieces, fc.string()), minLength: 1 });

/** Undefined where the value is refused. */
function unlessRefused(write: () => string): string | undefined {
  try {
    return write();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return undefined;
  }
}

describe('a hostile answer', () => {
  it.each(['name', 'instanceId', 'address', 'user'] as const)(
    'as the %s of a server adds no line to ssh_config',
    (field) => {
      const files = { folder: '/f', keyFile: '/f/k.pem' };
      const host = { name: 'a', instanceId: 'i-0a', address: '10.0.2.10', user: 'ec2-user' };
      const lines = sshConfig([host], files, '/s').split('\n').length;
      fc.assert(
        fc.property(wild, (value) => {
          const text = unlessRefused(() => sshConfig([{ ...host, [field]: value }], files, '/s'));
          if (text !== undefined) expect(text.split(/[\r\n\u2028]/).length).toBe(lines);
        }),
      );
      expect(() => sshConfig([{ ...host, [field]: 'a\n  ProxyCommand touch /tmp/x' }], files, '/s')).toThrow(TypeError);
    },
  );

  it.each(['source', 'path', 'options'] as const)('as the %s of a mount is one field of one line of fstab', (field) => {
    const given = {
      path: '/mnt/efs',
      source: 'fs-1:/',
      type: 'efs',
      options: '_netdev',
      fileSystemId: 'fs-1',
    } as const;
    fc.assert(
      fc.property(wild, (value) => {
        const text = unlessRefused(() => bashOf(mount({ ...given, [field]: value }), () => ''));
        if (text !== undefined) expect(value).not.toMatch(/[\s\p{Cc}#]/u);
      }),
    );
    expect(() => bashOf(mount({ ...given, [field]: 'a 0 0\n/dev/sda / ext4' }), () => '')).toThrow(TypeError);
    expect(bashOf(mount(given), () => '')).toContain("'fs-1:/ /mnt/efs efs _netdev 0 0'");
  });
});
