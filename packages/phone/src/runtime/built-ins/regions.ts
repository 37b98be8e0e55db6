/** A few regions for the region picker: province, city, districts. WeChat has them all. */
export const regions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  北京市: { 北京市: ['东城区', '西城区', '朝阳区', '海淀区'] },
  上海市: { 上海市: ['黄浦区', '徐汇区', '静安区', '浦东新区'] },
  广东省: { 广州市: ['越秀区', '海珠区', '天河区', '番禺区'], 深圳市: ['罗湖区', '福田区', '南山区', '宝安区'] },
  四川省: { 成都市: ['锦江区', '青羊区', '武侯区', '成华区'], 绵阳市: ['涪城区', '游仙区'] },
  浙江省: { 杭州市: ['上城区', '拱墅区', '西湖区', '滨江区'], 宁波市: ['海曙区', '江北区', '鄞州区'] },
}
