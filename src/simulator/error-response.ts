import type { ServiceName } from './noun.ts';
import type { Refusal } from './refusal.ts';

/** An HTTP response as AWS's service would put the refusal on the wire, for the SDK's own protocol to read. */
export interface WireResponse {
  statusCode: number;
  reason: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

export function errorResponse(service: ServiceName, refused: Refusal, requestId: string): WireResponse {
  const { status, code } = refused;
  const [contentType, body] = errorBody(service, refused, requestId);
  const headers: Record<string, string> = { 'content-type': contentType, 'x-amzn-requestid': requestId };
  if (service === 'efs') headers['x-amzn-errortype'] = code;
  if (service === 's3') headers['x-amz-request-id'] = requestId;
  const region = /\.s3\.([\w-]+)\.amazonaws/.exec(String(refused.fields.Endpoint ?? ''))?.[1];
  if (service === 's3' && region !== undefined) headers['x-amz-bucket-region'] = region;
  // A HEAD request has no body; the SDK then names the error after the status.
  const empty = service === 's3' && (code === 'NotFound' || code === 'Forbidden');
  return { statusCode: status, reason: '', headers, body: new TextEncoder().encode(empty ? '' : body) };
}

function errorBody(service: ServiceName, refused: Refusal, requestId: string): [contentType: string, body: string] {
  const { code, message, status, fields } = refused;
  const inner = `<Code>${xml(code)}</Code><Message>${xml(message)}</Message>`;
  const further = Object.entries(fields)
    .map(([name, value]) => `<${name}>${xml(String(value))}</${name}>`)
    .join('');
  switch (service) {
    case 'ec2':
      return [
        'text/xml',
        `<Response><Errors><Error>${inner}${further}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
      ];
    case 's3':
      return ['application/xml', `<Error>${inner}${further}<RequestId>${requestId}</RequestId></Error>`];
    case 'efs':
      return ['application/json', JSON.stringify({ ErrorCode: code, Message: message, ...fields })];
    case 'ssm':
    case 'service-quotas':
    case 'pricing':
    case 'tagging':
      return ['application/x-amz-json-1.1', JSON.stringify({ __type: code, message, Message: message, ...fields })];
    default: {
      const type = status >= 500 ? 'Receiver' : 'Sender';
      return [
        'text/xml',
        `<ErrorResponse><Error><Type>${type}</Type>${inner}${further}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
      ];
    }
  }
}

function xml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
