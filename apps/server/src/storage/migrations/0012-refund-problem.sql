-- Why a refund is unknown: without WeChat's words nobody can tell a missing permission from a missing network.

alter table refunds add column problem text;
comment on column refunds.problem is 'Why WeChat gave no usable answer to the last call or question; null once it has given one.';
