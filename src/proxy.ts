import { type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { environment } from './environment.ts';

/** Our own machine is where the proxy cannot go. */
const loopback = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i;

/**
 * Leads each connection where HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (or their names in small letters) say:
 * through a proxy, by CONNECT, so that it sees nothing but the name of the host; or straight there.
 */
class EnvironmentAgent extends Agent {
  readonly #straight = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 50 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 50 }),
  };
  readonly #proxies = new Map<string, HttpsProxyAgent<string>>();

  override connect(_request: ClientRequest, options: AgentConnectOpts): HttpAgent {
    const scheme = options.secureEndpoint ? 'https' : 'http';
    const { host = '', port } = options;
    const proxy = loopback.test(host) ? '' : getProxyForUrl(`${scheme}://${host}:${port}`);
    return proxy === '' ? this.#straight[scheme] : this.#through(proxy);
  }

  #through(proxy: string): HttpsProxyAgent<string> {
    const known = this.#proxies.get(proxy);
    if (known) return known;
    const agent = new HttpsProxyAgent(proxy, { keepAlive: true, maxSockets: 50 });
    // Otherwise the proxy's own page would be read as AWS's answer.
    agent.on('proxyConnect', ({ statusCode, statusText }, request: ClientRequest) => {
      if (statusCode === 200) return;
      const message = `the proxy ${new URL(proxy).host} answered ${statusCode} ${statusText}`;
      request.destroy(Object.assign(new Error(message), { name: 'ProxyRefused' }));
    });
    this.#proxies.set(proxy, agent);
    return agent;
  }
}

/** The agent for every call of this process, or undefined where the environment names no proxy. */
export function proxyAgent(): Agent | undefined {
  const named = Object.entries(environment).some(([name, value]) => /^(https?|all)_proxy$/i.test(name) && value);
  return named ? new EnvironmentAgent() : undefined;
}
