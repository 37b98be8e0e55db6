/** A page of the Mini Program with its query, such as `pages/order/order?id=1`; never an address of the web. */
export const pagePathForm = /^\/?[A-Za-z0-9_][\w./-]{0,255}(?:\?[^\s\p{Cc}]{0,1023})?$/u
