import { refusal } from '../refusal.ts';

/**
 * The identifier in the form in which RDS and ElastiCache keep it: lower case. It begins with a letter, has only ASCII
 * letters, digits and hyphens, does not end with a hyphen and has no two in a row; otherwise `InvalidParameterValue`.
 */
export function identifier(parameter: string, value: string | undefined, longest = 63): string {
  if (value === undefined || value === '')
    throw refusal('InvalidParameterValue', `The parameter ${parameter} must be provided and must not be blank.`);
  if (!/^[a-zA-Z](-?[a-zA-Z0-9])*$/.test(value))
    throw refusal(
      'InvalidParameterValue',
      `The parameter ${parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`,
    );
  if (value.length > longest)
    throw refusal(
      'InvalidParameterValue',
      `The parameter ${parameter} is not a valid identifier because it is longer than ${longest} characters.`,
    );
  return value.toLowerCase();
}

/** Names of subnet groups, which may also hold dots, underscores and spaces; `default` is AWS's own. */
export function groupName(parameter: string, value: string | undefined): string {
  if (value === undefined || value.trim() === '')
    throw refusal('InvalidParameterValue', `The parameter ${parameter} must be provided and must not be blank.`);
  if (value.length > 255 || !/^[a-zA-Z0-9._ -]+$/.test(value) || value.toLowerCase() === 'default')
    throw refusal(
      'InvalidParameterValue',
      `The parameter ${parameter} is not valid: it must contain no more than 255 letters, digits, periods, underscores, spaces or hyphens, and must not be default.`,
    );
  return value.toLowerCase();
}

/** Calls take a name or the ARN of the same thing; this gives the name, in lower case. */
export function nameOf(nameOrArn: string): string {
  const [, , , , , , ...name] = nameOrArn.startsWith('arn:') ? nameOrArn.split(':') : [];
  return (name.length > 0 ? name.join(':') : nameOrArn).toLowerCase();
}

/** `hh24:mi-hh24:mi`, at least half an hour. */
export function checkDailyWindow(parameter: string, window: string | undefined, leastMinutes = 30) {
  if (window === undefined) return;
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(window);
  const [from, to] = match ? [clock(match[1], match[2]), clock(match[3], match[4])] : [0, 0];
  if (!match || (to - from + 1440) % 1440 < leastMinutes)
    throw refusal('InvalidParameterValue', `Invalid ${parameter}: ${window}`);
}

/** `ddd:hh24:mi-ddd:hh24:mi`. */
export function checkWeeklyWindow(parameter: string, window: string | undefined) {
  const day = '(?:mon|tue|wed|thu|fri|sat|sun):(?:[01]\\d|2[0-3]):[0-5]\\d';
  if (window !== undefined && !new RegExp(`^${day}-${day}$`, 'i').test(window))
    throw refusal('InvalidParameterValue', `Invalid ${parameter}: ${window}`);
}

function clock(hours: string | undefined, minutes: string | undefined): number {
  return Number(hours) * 60 + Number(minutes);
}

/** Refuses a number outside its range with RDS's words. */
export function checkRange(parameter: string, value: number | undefined, least: number, most: number) {
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most))
    throw refusal('InvalidParameterValue', `Invalid ${parameter}: ${value}. It must be between ${least} and ${most}.`);
}
