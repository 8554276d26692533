import type { Reservation, RunInstancesCommandInput, RunInstancesCommandOutput } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { newPublicAddress } from './addresses.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { imageTable } from './images.ts';
import { enter, forgottenInstanceTable } from './instance-states.ts';
import { describeReservations } from './instance-view.ts';
import { type InstanceRow, instanceTable } from './instances.ts';
import type { PlannedInterface } from './launch-interfaces.ts';
import { type LaunchPlan, planLaunch } from './launch-plan.ts';
import { withLaunchTemplate } from './launch-templates.ts';
import { metadataOptionsFor } from './metadata-defaults.ts';
import { type NetworkInterfaceRow, networkInterfaceTable } from './network-interface-rows.ts';
import { addNetworkInterface, attachTo } from './network-interfaces.ts';
import { addProfileAssociation } from './profile-associations.ts';
import { allowTagsFor, tagsFor } from './tags.ts';
import { addVolume } from './volumes.ts';

/** A client token is free again this long after its instances ended. */
const tokenOutlivesInstance = 24 * 3600 * 1000;

/** The earlier launch with the same token, as its instances are now, even when they are terminated. */
function launchedBefore(scope: Scope, input: RunInstancesCommandInput): Reservation | undefined {
  const reservationId = madeBefore(scope, 'RunInstances', input);
  if (reservationId === undefined) return undefined;
  const rows = [
    ...instanceTable(scope).all(),
    ...forgottenInstanceTable(scope)
      .all()
      .map(({ instance }) => instance),
  ];
  const launched = rows.filter((row) => row.reservationId === reservationId);
  const over = launched.every(
    ({ state, stateSince }) => state === 'terminated' && scope.now - stateSince > tokenOutlivesInstance,
  );
  return over ? undefined : describeReservations(scope, launched)[0];
}

function addInterface(scope: Scope, instanceId: string, planned: PlannedInterface, tags: Record<string, string>) {
  const { existingId, deviceIndex, deleteOnTermination, publicAddress, privateIpAddress } = planned;
  let row: NetworkInterfaceRow | undefined = networkInterfaceTable(scope).peek(existingId);
  if (row) attachTo(scope, row, { instanceId, deviceIndex });
  else
    row = addNetworkInterface(scope, {
      subnetId: planned.subnetId,
      groupIds: planned.groupIds,
      description: planned.description,
      instanceId,
      deviceIndex,
      privateIpAddress,
      publicIp: publicAddress ? newPublicAddress(scope) : undefined,
      tags,
    });
  row.deleteOnTermination = deleteOnTermination;
  return row;
}

interface Launch {
  reservationId: string;
  clientToken: string;
  index: number;
}

function launch(scope: Scope, input: RunInstancesCommandInput, plan: LaunchPlan, at: Launch): InstanceRow {
  const { image, type, subnet, interfaces, devices, profile } = plan;
  const instanceId = scope.id('i');
  const interfaceTags = tagsFor(input.TagSpecifications, 'network-interface');
  const [primary] = interfaces.map((planned) => addInterface(scope, instanceId, planned, interfaceTags));
  if (!primary) throw new Error('a launch was planned without an interface');
  const { CapacityReservationSpecification, MaintenanceOptions, PrivateDnsNameOptions } = input;
  const row = instanceTable(scope).insert(instanceId, {
    instanceId,
    reservationId: at.reservationId,
    launchIndex: at.index,
    clientToken: at.clientToken,
    state: 'pending',
    stateSince: scope.now,
    stateTransitionReason: '',
    stateReason: { code: 'pending', message: 'pending' },
    imageId: image.imageId,
    architecture: image.architecture,
    rootDeviceName: image.rootDeviceName,
    bootMode: image.bootMode,
    ...(image.imdsSupport === undefined ? {} : { imdsSupport: image.imdsSupport }),
    instanceType: type.instanceType,
    subnetId: subnet.subnetId,
    vpcId: subnet.vpcId,
    availabilityZone: subnet.availabilityZone,
    networkInterfaceId: primary.networkInterfaceId,
    privateIpAddress: primary.privateIpAddress,
    ...(primary.publicIp === undefined ? {} : { publicIpAddress: primary.publicIp }),
    autoPublicIpAddress: interfaces[0]?.publicAddress ?? false,
    ...(input.KeyName === undefined ? {} : { keyName: input.KeyName }),
    groupIds: primary.groupIds,
    launchTime: scope.now,
    metadataOptions: metadataOptionsFor(scope, input.MetadataOptions, image.imdsSupport),
    ...(plan.cpuCredits === undefined ? {} : { cpuCredits: plan.cpuCredits }),
    ...(input.UserData === undefined ? {} : { userData: input.UserData }),
    monitoring: input.Monitoring?.Enabled ?? false,
    ebsOptimized: input.EbsOptimized ?? false,
    tenancy: 'default',
    disableApiTermination: input.DisableApiTermination ?? false,
    disableApiStop: input.DisableApiStop ?? false,
    shutdownBehavior: input.InstanceInitiatedShutdownBehavior === 'terminate' ? 'terminate' : 'stop',
    echoed: {
      ...(CapacityReservationSpecification?.CapacityReservationPreference && {
        CapacityReservationSpecification: {
          CapacityReservationPreference: CapacityReservationSpecification.CapacityReservationPreference,
        },
      }),
      ...(MaintenanceOptions && { MaintenanceOptions }),
      ...(PrivateDnsNameOptions && { PrivateDnsNameOptions }),
      ...(plan.cpuOptions && { CpuOptions: plan.cpuOptions }),
    },
    tags: tagsFor(input.TagSpecifications, 'instance'),
  });
  for (const { device, deleteOnTermination, ...form } of devices)
    addVolume(scope, form, {
      availabilityZone: subnet.availabilityZone,
      attachment: { instanceId, device, state: 'attaching', attachTime: scope.now, deleteOnTermination },
      tags: tagsFor(input.TagSpecifications, 'volume'),
    });
  if (profile) addProfileAssociation(scope, instanceId, profile, 'associated');
  const seconds = scope.seconds('instance.run');
  const code = scope.breaksLater('instance');
  if (code === undefined) enter(scope, row, 'pending', 'instanceRunning', seconds);
  else scope.after(seconds, 'instanceBroken', { instanceId, since: row.stateSince, code });
  return row;
}

export const runInstances: Noun = {
  service: 'ec2',
  operations: {
    RunInstances: operation<RunInstancesCommandInput, RunInstancesCommandOutput>(
      [
        'BlockDeviceMappings',
        'CapacityReservationSpecification',
        'ClientToken',
        'CpuOptions',
        'CreditSpecification',
        'DisableApiStop',
        'DisableApiTermination',
        'EbsOptimized',
        'EnclaveOptions',
        'HibernationOptions',
        'IamInstanceProfile',
        'ImageId',
        'InstanceInitiatedShutdownBehavior',
        'InstanceType',
        'KeyName',
        'LaunchTemplate',
        'MaintenanceOptions',
        'MaxCount',
        'MetadataOptions',
        'MinCount',
        'Monitoring',
        'NetworkInterfaces',
        'Placement',
        'PrivateDnsNameOptions',
        'PrivateIpAddress',
        'SecurityGroupIds',
        'SecurityGroups',
        'SubnetId',
        'TagSpecifications',
        'UserData',
      ],
      (scope, asked) => {
        if ((asked.ClientToken?.length ?? 0) > 64)
          throw refusal('InvalidParameterValue', 'The client token must not be longer than 64 characters');
        allowTagsFor(asked.TagSpecifications, 'instance', 'volume', 'network-interface');
        const earlier = launchedBefore(scope, asked);
        if (earlier) return earlier;
        const input = withLaunchTemplate(scope, asked);
        const plan = planLaunch(scope, input);
        // Bad tags and options are refused here, before the first thing is made.
        for (const type of ['instance', 'volume', 'network-interface']) tagsFor(input.TagSpecifications, type);
        metadataOptionsFor(scope, input.MetadataOptions, plan.image.imdsSupport);

        const reservationId = scope.id('r');
        const clientToken = asked.ClientToken ?? uuid(scope);
        const rows = Array.from({ length: plan.count }, (_, index) =>
          launch(scope, input, plan, { reservationId, clientToken, index }),
        );
        rememberToken(scope, 'RunInstances', asked, reservationId);
        const own = imageTable(scope).peek(plan.image.imageId);
        if (own) own.lastLaunchedTime = scope.now;
        return describeReservations(scope, rows)[0]!;
      },
    ),
  },
};

/** The token that the SDK fills in, of which the account never hears. */
function uuid(scope: Scope): string {
  return scope.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
