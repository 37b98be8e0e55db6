import { createMerchant } from '../engine/merchants.ts'
import type { Merchant } from '../engine/records.ts'
import { templatesOf } from '../engine/subscriptions.ts'
import type { World } from '../world.ts'
import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, objectAt, optionalText, readInput } from './input.ts'
import { describeTemplate } from './subscribe.ts'

/** GET /_sim/merchants: all that a back end is configured with. */
export const listMerchants = ({ world, addresses }: Control): ControlAnswer => ({
  body: {
    merchants: [...world.books.merchants.values()].map((merchant) => describe(world, merchant)),
    secure: { url: addresses.secureUrl, ca_pem: addresses.caPem },
    second_url: addresses.secondUrl,
  },
})

/** POST /_sim/merchants `{name?, apps?: [{appid?, secret?}]}`: another merchant; an appid that exists is bound to it too. */
export async function addMerchant({ world, call }: Control): Promise<ControlAnswer> {
  const input = readInput(call.text)
  const name = optionalText(input, 'name') ?? `商户${world.books.merchants.size + 1}`
  if (name === '' || name.length > 64) throw new ControlInputError('name must have 1 to 64 characters')
  const list = input['apps'] ?? [{}]
  if (!Array.isArray(list) || list.length === 0) throw new ControlInputError('apps must be a list of {appid?, secret?}')
  const apps = list.map((item: unknown) => {
    const app = objectAt(item, 'each of apps')
    const appid = optionalText(app, 'appid')
    const secret = optionalText(app, 'secret')
    if (appid !== undefined && !/^wx[0-9a-z]{16}$/.test(appid)) {
      throw new ControlInputError('appid must be wx and 16 characters of 0-9a-z')
    }
    return { ...(appid === undefined ? {} : { appid }), ...(secret === undefined ? {} : { secret }) }
  })
  return { status: 201, body: describe(world, await createMerchant(world, world.keys, { name, apps })) }
}

const describe = (world: World, merchant: Merchant): object => {
  const [certificate] = merchant.certificates
  return {
    mchid: merchant.mchid,
    name: merchant.name,
    api_v2_key: merchant.apiV2Key,
    api_v3_key: merchant.apiV3Key,
    certificate: {
      serial_no: certificate?.serialNo,
      certificate_pem: certificate?.certificatePem,
      private_key_pem: certificate?.privateKeyPem,
    },
    wechatpay_public_key: {
      id: merchant.wechatpayPublicKey.id,
      public_key_pem: merchant.wechatpayPublicKey.publicKeyPem,
    },
    platform_certificates: merchant.platformCertificates.map(({ serialNo, certificatePem }) => ({
      serial_no: serialNo,
      certificate_pem: certificatePem,
    })),
    apps: merchant.appids
      .flatMap((appid) => world.books.apps.get(appid) ?? [])
      .map(({ appid, secret }) => ({
        appid,
        secret,
        subscribe_templates: templatesOf(world, appid).map(describeTemplate),
      })),
  }
}
