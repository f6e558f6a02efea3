// The peer of `cargo xtask bench`: npm `oidc-provider` with its own in-memory adapter, and the same clients.
//
// Settings come from the environment. Tokens of a person, which Keyholder makes through a sign-in, are made here at the start and
// written to a file, so that both sides are asked for the same.

import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { Provider } from 'oidc-provider';

const { PEER_PORT, PEER_CLIENTS, PEER_TOKENS, PEER_SCOPE } = process.env;
const issuer = `http://localhost:${PEER_PORT}`;
const secrets = JSON.parse(PEER_CLIENTS);
const algorithms = { rs256: 'RS256', es256: 'ES256', eddsa: 'EdDSA' };

const key = (kid, alg, type, options) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
};

const clients = Object.keys(algorithms).map((id) => ({
  client_id: id,
  client_secret: secrets[id],
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
}));
clients.push({
  client_id: 'people',
  client_secret: secrets.people,
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['http://127.0.0.1:9/callback'],
  id_token_signed_response_alg: 'ES256',
});

const provider = new Provider(issuer, {
  clients,
  jwks: {
    keys: [
      key('rsa', 'RS256', 'rsa', { modulusLength: 2048 }),
      key('ec', 'ES256', 'ec', { namedCurve: 'P-256' }),
      key('ed', 'EdDSA', 'ed25519'),
    ],
  },
  claims: {
    openid: ['sub'],
    profile: ['name', 'given_name', 'family_name'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
    school: ['school'],
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: 'Person 0',
      given_name: 'Person',
      family_name: '0',
      email: 'person-0@bench.example',
      email_verified: false,
      groups: ['staff'],
      school: { id: 'bench', name: 'Benchmark School', urn: '199999' },
    }),
  }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, client) => (algorithms[client.clientId] ? `urn:bench:${client.clientId}` : undefined),
      getResourceServerInfo: (_, resource) => ({
        scope: '',
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: algorithms[resource.split(':').at(-1)] } },
      }),
    },
  },
  ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 43200, IdToken: 600, RefreshToken: 43200 },
});

const client = await provider.Client.find('people');
const accountId = 'person-0';
const scope = `${PEER_SCOPE} offline_access`;
const grant = new provider.Grant({ accountId, clientId: 'people' });
grant.addOIDCScope(scope);
const grantId = await grant.save();
const made = { accountId, client, grantId, gty: 'authorization_code', scope, claims: {} };
const access = await new provider.AccessToken(made).save();
const refresh = [];
for (let number = 0; number < 8; number += 1) {
  refresh.push(await new provider.RefreshToken({ ...made, authTime: Math.floor(Date.now() / 1000) }).save());
}
writeFileSync(PEER_TOKENS, JSON.stringify({ access, refresh }));

provider.listen(Number(PEER_PORT), '127.0.0.1');
