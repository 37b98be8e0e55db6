/** What to do about a Mini Program API's errcode. From the tables of miniprogram-login. */
const adviceByCode = new Map([
  ['-1', 'WeChat is busy: try again after a short pause.'],
  ['40001', 'The access token is not the latest, or the app secret is wrong.'],
  ['40002', 'grant_type is wrong.'],
  ['40013', 'The appid is wrong, or the code belongs to another Mini Program.'],
  ['40014', 'The access token is not valid.'],
  ['40029', 'The code has expired, was used, or belongs to another Mini Program: get a new one from the client.'],
  ['40125', 'The app secret is wrong.'],
  ['40163', 'The code was used before: get a new one from the client.'],
  ['40164', "Add this server's address to the IP white list."],
  ['40226', 'WeChat blocks this user as high-risk: refuse the login with a message.'],
  ['40243', 'The app secret is frozen: unfreeze it in the console.'],
  ['41001', 'The access token is missing.'],
  ['41002', 'The appid is missing.'],
  ['41004', 'The app secret is missing.'],
  ['41008', 'The code is missing.'],
  ['42001', 'The access token has expired.'],
  ['43002', 'The API takes POST only.'],
  ['44002', 'The body is empty.'],
  ['45009', "The day's quota is used up."],
  ['45011', 'Too many calls in this minute: slow down.'],
  ['47001', 'The body is malformed.'],
  ['48001', 'The account may not use this API.'],
  ['50004', 'The account may not use the token API.'],
  ['50007', 'The account is frozen.'],
  ['61024', "Use the third-party platform's token."],
  ['89503', "An administrator must approve this server's address."],
  ['89506', "An administrator refused this server's address for 24 hours."],
  ['89507', "An administrator refused this server's address for an hour."],
])

export function adviseMini(errcode: string): string {
  return adviceByCode.get(errcode) ?? "Read the message; see the API's error table."
}
