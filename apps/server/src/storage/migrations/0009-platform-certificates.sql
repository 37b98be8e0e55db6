-- WeChat's platform certificates as they were last downloaded and verified: a start works without /v3/certificates (F35).
-- They are public, so nothing is sealed.

create table platform_certificates (
  merchant_id     text not null references merchants,
  serial_no       text not null,
  certificate_pem text not null,
  primary key (merchant_id, serial_no)
);
