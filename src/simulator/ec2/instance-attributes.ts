import type {
  DescribeInstanceAttributeCommandInput,
  DescribeInstanceAttributeCommandOutput,
  DescribeInstanceCreditSpecificationsCommandInput,
  DescribeInstanceCreditSpecificationsCommandOutput,
  ModifyInstanceAttributeCommandInput,
  ModifyInstanceAttributeCommandOutput,
  ModifyInstanceCreditSpecificationCommandInput,
  ModifyInstanceCreditSpecificationCommandOutput,
  ModifyInstanceMetadataOptionsCommandInput,
  ModifyInstanceMetadataOptionsCommandOutput,
  MonitorInstancesCommandInput,
  MonitorInstancesCommandOutput,
  UnmonitorInstancesCommandInput,
  UnmonitorInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { instanceTypeNamed } from './instance-types.ts';
import { describeDevices, describeGroups } from './instance-view.ts';
import { type InstanceRow, instanceTable, requireInstance, requireInstances } from './instances.ts';
import { givenMetadataOptions } from './metadata-defaults.ts';
import { networkInterfaceTable } from './network-interface-rows.ts';
import { groupsIn } from './network-interfaces.ts';
import { volumesOf } from './volumes.ts';

function wrongAttribute(attribute: string | undefined) {
  return refusal(
    'InvalidParameterValue',
    `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
  );
}

function requireStopped(row: InstanceRow) {
  if (row.state !== 'stopped')
    throw refusal('IncorrectInstanceState', `The instance '${row.instanceId}' is not in the 'stopped' state.`);
}

function yesOrNo(value: string | undefined): boolean {
  if (value !== 'true' && value !== 'false')
    throw refusal('InvalidParameterValue', `Value (${value}) for parameter value is invalid. Expected true or false.`);
  return value === 'true';
}

/** The one change that a call asks for, in its old form (`Attribute`, `Value`) or as a member of its own. */
function modification(scope: Scope, row: InstanceRow, input: ModifyInstanceAttributeCommandInput): () => void {
  const { Attribute, Value, BlockDeviceMappings, Groups } = input;
  const old = (name: string) => (Attribute === name ? Value : undefined);
  const flag = (member: { Value?: boolean | undefined } | undefined, name: string) =>
    member?.Value ?? (Attribute === name ? yesOrNo(Value) : undefined);
  const userData = input.UserData
    ? Buffer.from(input.UserData.Value ?? new Uint8Array()).toString('base64')
    : old('userData');
  const changes: (() => void)[] = [];
  const want = <Wanted>(value: Wanted | undefined, prepare: (value: Wanted) => () => void) => {
    if (value !== undefined) changes.push(prepare(value));
  };

  want(input.InstanceType?.Value ?? old('instanceType'), (instanceType) => {
    requireStopped(row);
    const type = instanceTypeNamed(instanceType);
    if (!type) throw refusal('InvalidParameterValue', `Invalid value '${instanceType}' for InstanceType.`);
    if (type.architecture !== row.architecture)
      throw refusal(
        'InvalidParameterValue',
        `The architecture '${type.architecture}' of the instance type does not match the architecture '${row.architecture}' of the instance.`,
      );
    return () => {
      row.instanceType = instanceType;
      delete row.cpuCredits;
      if (type.burstable) row.cpuCredits = type.family === 't2' ? 'standard' : 'unlimited';
    };
  });
  want(userData, (text) => {
    requireStopped(row);
    return () => {
      row.userData = text;
    };
  });
  want(flag(input.DisableApiTermination, 'disableApiTermination'), (value) => () => {
    row.disableApiTermination = value;
  });
  want(flag(input.DisableApiStop, 'disableApiStop'), (value) => () => {
    row.disableApiStop = value;
  });
  want(flag(input.EbsOptimized, 'ebsOptimized'), (value) => {
    requireStopped(row);
    return () => {
      row.ebsOptimized = value;
    };
  });
  want(flag(input.SourceDestCheck, 'sourceDestCheck'), (value) => () => {
    const primary = networkInterfaceTable(scope).peek(row.networkInterfaceId);
    if (primary) primary.sourceDestCheck = value;
  });
  want(input.InstanceInitiatedShutdownBehavior?.Value ?? old('instanceInitiatedShutdownBehavior'), (value) => {
    if (value !== 'stop' && value !== 'terminate')
      throw refusal(
        'InvalidParameterValue',
        `Value (${value}) for parameter instanceInitiatedShutdownBehavior is invalid.`,
      );
    return () => {
      row.shutdownBehavior = value;
    };
  });
  want(Groups, (wanted) => {
    const groupIds = groupsIn(scope, row.vpcId, wanted);
    return () => {
      row.groupIds = groupIds;
      const primary = networkInterfaceTable(scope).peek(row.networkInterfaceId);
      if (primary) primary.groupIds = [...groupIds];
    };
  });
  want(BlockDeviceMappings, (mappings) => {
    const found = mappings.map(({ DeviceName, Ebs }) => {
      const volume = volumesOf(scope, row.instanceId).find(({ attachment }) => attachment.device === DeviceName);
      if (!volume) throw refusal('InvalidInstanceAttributeValue', `No device is currently mapped at ${DeviceName}`);
      return { volume, keep: Ebs?.DeleteOnTermination === false };
    });
    return () => {
      for (const { volume, keep } of found) volume.attachment.deleteOnTermination = !keep;
    };
  });

  if (changes.length > 1) throw refusal('InvalidParameterCombination', 'Fields for multiple attribute types specified');
  if (!changes[0])
    throw Attribute === undefined ? refusal('MissingParameter', 'No attributes specified.') : wrongAttribute(Attribute);
  return changes[0];
}

export const instanceAttributes: Noun = {
  service: 'ec2',
  operations: {
    DescribeInstanceAttribute: operation<DescribeInstanceAttributeCommandInput, DescribeInstanceAttributeCommandOutput>(
      ['InstanceId', 'Attribute'],
      (scope, { InstanceId, Attribute }) => {
        const row = requireInstance(scope, InstanceId);
        const answers: Record<string, Omit<DescribeInstanceAttributeCommandOutput, '$metadata'>> = {
          instanceType: { InstanceType: { Value: row.instanceType } },
          userData: { UserData: { Value: row.userData } },
          disableApiTermination: { DisableApiTermination: { Value: row.disableApiTermination } },
          disableApiStop: { DisableApiStop: { Value: row.disableApiStop } },
          instanceInitiatedShutdownBehavior: { InstanceInitiatedShutdownBehavior: { Value: row.shutdownBehavior } },
          rootDeviceName: { RootDeviceName: { Value: row.rootDeviceName } },
          blockDeviceMapping: { BlockDeviceMappings: describeDevices(scope, row.instanceId) },
          groupSet: { Groups: describeGroups(scope, row.groupIds) },
          sourceDestCheck: {
            SourceDestCheck: { Value: networkInterfaceTable(scope).peek(row.networkInterfaceId)?.sourceDestCheck },
          },
          ebsOptimized: { EbsOptimized: { Value: row.ebsOptimized } },
          enaSupport: { EnaSupport: { Value: true } },
          enclaveOptions: { EnclaveOptions: { Enabled: false } },
          productCodes: { ProductCodes: [] },
          kernel: { KernelId: {} },
          ramdisk: { RamdiskId: {} },
          sriovNetSupport: { SriovNetSupport: {} },
        };
        const answer = Object.hasOwn(answers, Attribute ?? '') ? answers[Attribute ?? ''] : undefined;
        if (!answer) throw wrongAttribute(Attribute);
        return { InstanceId: row.instanceId, ...answer };
      },
    ),
    ModifyInstanceAttribute: operation<ModifyInstanceAttributeCommandInput, ModifyInstanceAttributeCommandOutput>(
      [
        'InstanceId',
        'Attribute',
        'Value',
        'BlockDeviceMappings',
        'DisableApiStop',
        'DisableApiTermination',
        'EbsOptimized',
        'Groups',
        'InstanceInitiatedShutdownBehavior',
        'InstanceType',
        'SourceDestCheck',
        'UserData',
      ],
      (scope, input) => {
        const row = requireInstance(scope, input.InstanceId);
        if (row.state === 'terminated' || row.state === 'shutting-down')
          throw refusal(
            'IncorrectInstanceState',
            `The instance '${row.instanceId}' is not in a state in which its attributes can be modified.`,
          );
        modification(scope, row, input)();
        return {};
      },
    ),
    ModifyInstanceMetadataOptions: operation<
      ModifyInstanceMetadataOptionsCommandInput,
      ModifyInstanceMetadataOptionsCommandOutput
    >(
      ['InstanceId', 'HttpTokens', 'HttpPutResponseHopLimit', 'HttpEndpoint', 'InstanceMetadataTags'],
      (scope, { InstanceId, ...options }) => {
        const row = requireInstance(scope, InstanceId);
        if (row.state === 'terminated' || row.state === 'shutting-down')
          throw refusal(
            'IncorrectInstanceState',
            `The instance '${row.instanceId}' is not in the 'running' or 'stopped' state.`,
          );
        row.metadataOptions = { ...row.metadataOptions, ...givenMetadataOptions(options) };
        const { httpTokens, httpPutResponseHopLimit, httpEndpoint, instanceMetadataTags } = row.metadataOptions;
        return {
          InstanceId: row.instanceId,
          InstanceMetadataOptions: {
            State: 'pending',
            HttpTokens: httpTokens,
            HttpPutResponseHopLimit: httpPutResponseHopLimit,
            HttpEndpoint: httpEndpoint,
            InstanceMetadataTags: instanceMetadataTags,
          },
        };
      },
    ),
    DescribeInstanceCreditSpecifications: operation<
      DescribeInstanceCreditSpecificationsCommandInput,
      DescribeInstanceCreditSpecificationsCommandOutput
    >(['InstanceIds'], (scope, { InstanceIds }) => {
      const rows = InstanceIds ? requireInstances(scope, InstanceIds) : instanceTable(scope).list();
      const burstable = rows.filter(({ cpuCredits, state }) => cpuCredits !== undefined && state !== 'terminated');
      return {
        InstanceCreditSpecifications: burstable.map(({ instanceId, cpuCredits }) => ({
          InstanceId: instanceId,
          CpuCredits: cpuCredits,
        })),
      };
    }),
    ModifyInstanceCreditSpecification: operation<
      ModifyInstanceCreditSpecificationCommandInput,
      ModifyInstanceCreditSpecificationCommandOutput
    >(['InstanceCreditSpecifications'], (scope, { InstanceCreditSpecifications = [] }) => {
      const wanted = InstanceCreditSpecifications.map(({ InstanceId, CpuCredits }) => {
        const row = requireInstance(scope, InstanceId);
        if (CpuCredits !== 'standard' && CpuCredits !== 'unlimited')
          throw refusal('InvalidParameterValue', `Value (${CpuCredits}) for parameter CpuCredits is invalid.`);
        return { row, credits: CpuCredits as 'standard' | 'unlimited' };
      });
      const [able, unable] = [wanted.filter(({ row }) => row.cpuCredits), wanted.filter(({ row }) => !row.cpuCredits)];
      for (const { row, credits } of able) row.cpuCredits = credits;
      return {
        SuccessfulInstanceCreditSpecifications: able.map(({ row }) => ({ InstanceId: row.instanceId })),
        UnsuccessfulInstanceCreditSpecifications: unable.map(({ row }) => ({
          InstanceId: row.instanceId,
          Error: {
            Code: 'InstanceCreditSpecification.NotSupported',
            Message: `The instance type ${row.instanceType} has no CPU credits.`,
          },
        })),
      };
    }),
    MonitorInstances: operation<MonitorInstancesCommandInput, MonitorInstancesCommandOutput>(
      ['InstanceIds'],
      (scope, { InstanceIds = [] }) => ({ InstanceMonitorings: monitor(scope, InstanceIds, true) }),
    ),
    UnmonitorInstances: operation<UnmonitorInstancesCommandInput, UnmonitorInstancesCommandOutput>(
      ['InstanceIds'],
      (scope, { InstanceIds = [] }) => ({ InstanceMonitorings: monitor(scope, InstanceIds, false) }),
    ),
  },
};

function monitor(scope: Scope, instanceIds: string[], enabled: boolean) {
  return requireInstances(scope, instanceIds).map((row) => {
    row.monitoring = enabled;
    return {
      InstanceId: row.instanceId,
      Monitoring: { State: enabled ? ('pending' as const) : ('disabling' as const) },
    };
  });
}
