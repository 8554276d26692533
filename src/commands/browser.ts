import { execa } from 'execa';

/** Opens a file or an address in the desktop's own browser. False where there is no desktop. */
export async function openInDesktop(
  target: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  const opener = openerOn(platform, env);
  if (!opener) return false;
  const [program, ...before] = opener;
  const { failed } = await execa(program, [...before, target], { reject: false, stdio: 'ignore', timeout: 10_000 });
  return !failed;
}

/** The program that opens things as a double click would, with what it needs before the target. */
export function openerOn(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): [program: string, ...before: string[]] | undefined {
  if (env.SSH_CONNECTION) return undefined;
  if (platform === 'darwin') return ['open'];
  // Not `start`, which is a word of a shell that would read the target.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined;
}
