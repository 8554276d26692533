import type {
  DescribeDocumentCommandInput,
  DescribeDocumentCommandOutput,
  GetDocumentCommandInput,
  GetDocumentCommandOutput,
  ListDocumentsCommandInput,
  ListDocumentsCommandOutput,
} from '@aws-sdk/client-ssm';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { ssmPage } from './tags.ts';

interface Document {
  description: string;
  type: 'Command' | 'Session';
  parameters: Record<string, { type: 'String' | 'StringList'; required?: true; description: string }>;
}

/** The documents of Amazon that the account knows. */
const documents: Record<string, Document> = {
  'AWS-RunShellScript': {
    description: 'Run a shell script or specify the commands to run.',
    type: 'Command',
    parameters: {
      commands: { type: 'StringList', required: true, description: 'A shell script or a command to run.' },
      workingDirectory: { type: 'String', description: 'The path to the working directory on your instance.' },
      executionTimeout: { type: 'String', description: 'The time in seconds for a command to complete.' },
    },
  },
  'AWS-StartSSHSession': {
    description: 'Start an SSH session over a session.',
    type: 'Session',
    parameters: { portNumber: { type: 'String', description: 'SSH server port number on the instance.' } },
  },
  'AWS-StartPortForwardingSession': {
    description: 'Start a port forwarding session over a session.',
    type: 'Session',
    parameters: {
      portNumber: { type: 'String', description: 'Port number of the server on the instance.' },
      localPortNumber: { type: 'String', description: 'Port number on the local machine.' },
    },
  },
};

export function requireDocument(name = ''): Document {
  const document = Object.hasOwn(documents, name) ? documents[name] : undefined;
  if (!document) throw refusal('InvalidDocument', `Document with name ${name} does not exist.`);
  return document;
}

const created = new Date(Date.UTC(2017, 6, 11));

function content({ description, type, parameters }: Document): string {
  const about = { schemaVersion: type === 'Command' ? '1.2' : '1.0', description, parameters };
  const action =
    type === 'Command'
      ? {
          runtimeConfig: {
            'aws:runShellScript': { properties: [{ id: '0.aws:runShellScript', runCommand: '{{ commands }}' }] },
          },
        }
      : { sessionType: 'Port' };
  return JSON.stringify({ ...about, ...action });
}

function identifier(name: string, { type }: Document) {
  return {
    Name: name,
    CreatedDate: created,
    Owner: 'Amazon',
    PlatformTypes: ['Linux' as const, 'MacOS' as const],
    DocumentVersion: '1',
    DocumentType: type,
    SchemaVersion: type === 'Command' ? '1.2' : '1.0',
    DocumentFormat: 'JSON' as const,
    Tags: [],
  };
}

export const ssmDocuments: Noun = {
  service: 'ssm',
  operations: {
    GetDocument: operation<GetDocumentCommandInput, GetDocumentCommandOutput>(
      ['Name', 'DocumentVersion', 'VersionName', 'DocumentFormat'],
      (_scope, { Name }) => {
        const document = requireDocument(Name);
        return {
          Name,
          CreatedDate: created,
          DocumentVersion: '1',
          Status: 'Active',
          Content: content(document),
          DocumentType: document.type,
          DocumentFormat: 'JSON',
        };
      },
    ),
    DescribeDocument: operation<DescribeDocumentCommandInput, DescribeDocumentCommandOutput>(
      ['Name', 'DocumentVersion', 'VersionName'],
      (_scope, { Name = '' }) => {
        const document = requireDocument(Name);
        return {
          Document: {
            ...identifier(Name, document),
            Description: document.description,
            Status: 'Active',
            LatestVersion: '1',
            DefaultVersion: '1',
            Parameters: Object.entries(document.parameters).map(([name, { type, description }]) => ({
              Name: name,
              Type: type,
              Description: description,
            })),
          },
        };
      },
    ),
    ListDocuments: operation<ListDocumentsCommandInput, ListDocumentsCommandOutput>(
      ['DocumentFilterList', 'Filters', 'MaxResults', 'NextToken'],
      (_scope, { DocumentFilterList = [], Filters = [], ...paging }) => {
        const filters = [
          ...DocumentFilterList.map(({ key, value }) => ({ key: key ?? '', values: [value ?? ''] })),
          ...Filters.map(({ Key, Values }) => ({ key: Key ?? '', values: Values ?? [] })),
        ];
        const passes = (name: string, { type }: Document) =>
          filters.every(({ key, values }) => {
            if (key === 'Name') return values.some((value) => name.startsWith(value));
            if (key === 'Owner') return values.some((value) => ['Amazon', 'Public', 'All'].includes(value));
            if (key === 'DocumentType') return values.includes(type);
            if (key === 'PlatformTypes') return values.some((value) => value !== 'Windows');
            throw refusal('InvalidFilterKey', `The filter key ${key} is not valid`);
          });
        const found = Object.entries(documents).filter(([name, document]) => passes(name, document));
        const { page, ...more } = ssmPage(found, paging, 50);
        return { DocumentIdentifiers: page.map(([name, document]) => identifier(name, document)), ...more };
      },
    ),
  },
};
