import type { PlatformCertificate, PlatformCertificates } from '../ports.ts'
import type { Sql } from './connect.ts'

/** Public certificates, kept as they were downloaded and verified. */
export function createPlatformCertificates(sql: Sql): PlatformCertificates {
  return {
    async find(merchantId) {
      const rows = await sql<{ serial_no: string; certificate_pem: string }[]>`
        select serial_no, certificate_pem from platform_certificates where merchant_id = ${merchantId}`
      return rows.map((row) => ({ serialNo: row.serial_no, certificate: row.certificate_pem }))
    },
    replace: (merchantId, certificates) => replace(sql, merchantId, certificates),
  }
}

async function replace(sql: Sql, merchantId: string, certificates: readonly PlatformCertificate[]): Promise<void> {
  const serials = certificates.map(({ serialNo }) => serialNo)
  await sql.begin(async (tx) => {
    await tx`delete from platform_certificates where merchant_id = ${merchantId} and not (serial_no = any(${serials}))`
    for (const { serialNo, certificate } of certificates) {
      await tx`
        insert into platform_certificates (merchant_id, serial_no, certificate_pem)
        values (${merchantId}, ${serialNo}, ${certificate})
        on conflict (merchant_id, serial_no) do update set certificate_pem = excluded.certificate_pem`
    }
  })
}
