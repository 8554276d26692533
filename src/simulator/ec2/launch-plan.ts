import type { CpuOptions, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { usableInstanceProfile } from '../iam/instance-profiles.ts';
import { refusal } from '../refusal.ts';
import { type DeviceForm, launchDevices } from './block-devices.ts';
import { type ImageRow, requireImage } from './images.ts';
import { type InstanceType, instanceTypeNamed, isOffered } from './instance-types.ts';
import { requireKeyPair } from './key-pairs.ts';
import { type PlannedInterface, planInterfaces } from './launch-interfaces.ts';
import { publicImages } from './public-images.ts';
import type { SubnetRow } from './subnets.ts';
import { launchableCount, vcpuLimitExceeded } from './vcpu-quota.ts';
import { zonesOf } from './zones.ts';

/** Everything that a launch needs, found and checked; nothing is changed yet. */
export interface LaunchPlan {
  count: number;
  image: ImageRow;
  type: InstanceType;
  subnet: SubnetRow;
  interfaces: PlannedInterface[];
  devices: DeviceForm[];
  profile: { arn: string; id: string } | undefined;
  cpuCredits: 'standard' | 'unlimited' | undefined;
  cpuOptions: CpuOptions | undefined;
}

/** Checks a launch in EC2's order: what the call says by itself, then what it names, then what is left to have. */
export function planLaunch(scope: Scope, input: RunInstancesCommandInput): LaunchPlan {
  const { MinCount = 1, MaxCount = 1 } = input;
  for (const [member, value] of [
    ['minCount', MinCount],
    ['maxCount', MaxCount],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw refusal('InvalidParameterValue', `Value (${value}) for parameter ${member} is invalid.`);
  if (MinCount > MaxCount)
    throw refusal(
      'InvalidParameterCombination',
      `The minimum instance count (${MinCount}) must not be greater than the maximum instance count (${MaxCount})`,
    );
  refuseUnmodelled(input);
  allowUserData(input.UserData);
  const behavior = input.InstanceInitiatedShutdownBehavior ?? 'stop';
  if (behavior !== 'stop' && behavior !== 'terminate')
    throw refusal(
      'InvalidParameterValue',
      `Value (${behavior}) for parameter instanceInitiatedShutdownBehavior is invalid.`,
    );
  const type = instanceTypeNamed(input.InstanceType ?? 'm1.small');
  if (!type) throw refusal('InvalidParameterValue', `Invalid value '${input.InstanceType}' for InstanceType.`);
  const cpuCredits = creditsOf(type, input);
  const cpuOptions = cpuOptionsOf(type, input);

  const image = launchableImage(scope, input.ImageId);
  if (image.architecture !== type.architecture)
    throw refusal(
      'InvalidParameterValue',
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
    );
  const { subnet, interfaces } = planInterfaces(scope, input, type);
  refusePlaceMismatch(input.Placement, subnet);
  if (input.KeyName !== undefined) requireKeyPair(scope, input.KeyName);
  const profile = input.IamInstanceProfile && usableInstanceProfile(scope, input.IamInstanceProfile);
  const devices = launchDevices(scope, image, input.BlockDeviceMappings);

  refuseUnsoldType(scope, type, subnet);
  const count = Math.min(MaxCount, launchableCount(scope, type.instanceType));
  if (count < MinCount) throw vcpuLimitExceeded(scope);
  return { count, image, type, subnet, interfaces, devices, profile, cpuCredits, cpuOptions };
}

/** Members that are understood in one value only; any other would silently be something else than was asked for. */
function refuseUnmodelled({ HibernationOptions, EnclaveOptions, Placement }: RunInstancesCommandInput) {
  const { AvailabilityZone, AvailabilityZoneId, Tenancy = 'default', GroupName = '', ...others } = Placement ?? {};
  const unmodelled =
    (HibernationOptions?.Configured && 'HibernationOptions') ||
    (EnclaveOptions?.Enabled && 'EnclaveOptions') ||
    (Tenancy !== 'default' && 'Placement.Tenancy') ||
    (GroupName !== '' && 'Placement.GroupName') ||
    Object.keys(others).map((name) => `Placement.${name}`)[0];
  if (unmodelled)
    throw refusal('UnsupportedOperation', `The simulated account does not model ${unmodelled} of RunInstances`);
}

function allowUserData(userData: string | undefined) {
  if (userData === undefined) return;
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData))
    throw refusal('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  if (Buffer.from(userData, 'base64').length > 16384)
    throw refusal('InvalidParameterValue', 'User data is limited to 16384 bytes');
}

function creditsOf(type: InstanceType, { CreditSpecification }: RunInstancesCommandInput) {
  const credits = CreditSpecification?.CpuCredits;
  if (credits !== undefined && !type.burstable)
    throw refusal(
      'InvalidParameterCombination',
      `The specified instance type ${type.instanceType} does not support CreditSpecification.`,
    );
  if (credits !== undefined && credits !== 'standard' && credits !== 'unlimited')
    throw refusal('InvalidParameterValue', `Value (${credits}) for parameter CpuCredits is invalid.`);
  if (!type.burstable) return undefined;
  return credits ?? (type.family === 't2' ? 'standard' : 'unlimited');
}

function cpuOptionsOf({ instanceType, cores, vCpus }: InstanceType, { CpuOptions }: RunInstancesCommandInput) {
  if (!CpuOptions) return undefined;
  const { CoreCount = cores, ThreadsPerCore = vCpus / cores } = CpuOptions;
  if (CoreCount < 1 || CoreCount > cores || ThreadsPerCore < 1 || ThreadsPerCore > vCpus / cores)
    throw refusal(
      'InvalidParameterCombination',
      `The CPU options (${CoreCount} cores, ${ThreadsPerCore} threads per core) are not valid for ${instanceType}`,
    );
  return { CoreCount, ThreadsPerCore };
}

function launchableImage(scope: Scope, imageId: string | undefined): ImageRow {
  if (imageId === undefined) throw refusal('MissingParameter', 'The request must contain the parameter ImageId');
  const parameter = /^resolve:ssm:(.+)$/.exec(imageId)?.[1];
  const resolved = publicImages(scope).find(({ parameterName }) => parameterName === parameter)?.imageId;
  if (parameter !== undefined && resolved === undefined)
    throw refusal('InvalidParameterValue', `Could not resolve the parameter ${parameter} to an image`);
  const image = requireImage(scope, resolved ?? imageId);
  if (image.state !== 'available')
    throw refusal('InvalidAMIID.Unavailable', `The image ID '${image.imageId}' is not available: it is ${image.state}`);
  return image;
}

function refusePlaceMismatch(
  placement: { AvailabilityZone?: string | undefined; AvailabilityZoneId?: string | undefined } = {},
  subnet: SubnetRow,
) {
  const { AvailabilityZone: name, AvailabilityZoneId: id } = placement;
  if (
    (name ?? subnet.availabilityZone) !== subnet.availabilityZone ||
    (id ?? subnet.availabilityZoneId) !== subnet.availabilityZoneId
  )
    throw refusal(
      'InvalidParameterValue',
      `The availability zone '${name ?? id}' of the placement is not that of the subnet '${subnet.subnetId}'`,
    );
}

function refuseUnsoldType(scope: Scope, type: InstanceType, subnet: SubnetRow) {
  const zones = zonesOf(scope.region);
  const here = zones.find(({ name }) => name === subnet.availabilityZone);
  if (!here || isOffered(type, here)) return;
  const others = zones.filter((zone) => isOffered(type, zone)).map(({ name }) => name);
  throw refusal(
    'Unsupported',
    `Your requested instance type (${type.instanceType}) is not supported in your requested Availability Zone (${here.name}). Please retry your request by not specifying an Availability Zone or choosing ${others.join(', ')}.`,
  );
}
