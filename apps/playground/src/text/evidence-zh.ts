// 论文那一页关于双卡图、记录下来的训练和差别原因的话：简体中文。数字来自 2012 年的论文和 docs/experiments。
import type { evidenceEn } from './evidence-en.ts'
import type { Said } from './table.ts'

export const evidenceZh: Said<typeof evidenceEn> = {
  figure: '两块 GPU：可以点的图 2',
  figureAbout:
    '2012 年的 GTX 580 只有 3 GB，放不下这个网络，于是切成两半。每块卡有每层一半的卷积核，只在某些层之前互相通信（§3.2）。点一个方块，或用 Tab 和回车选。',
  block: '{{name}}，第 {{card}} 块卡：{{units}}',
  blockOfAll: '{{name}}：{{units}}',
  filters:
    '每块卡有 {{half, number}} 个 {{height}}×{{width}} 的卷积核，各看 {{seen, number}} 张特征图。',
  units: '每块卡有 {{half, number}} 个单元，各看前一层全部 {{seen, number}} 个。',
  classes: '{{half, number}} 个单元，一类一个，各看前一层全部 {{seen, number}} 个。',
  learns: '这一层学 {{parameters, number}} 个数。',
  first: '两块卡看同一张图片：没有数据过卡。',
  stays: '每块卡只看自己的特征图：没有数据过卡。',
  crosses:
    '在它之前，每块卡把前一层自己的一半发给另一块：{{places}} 个数，每个 {{size}} 字节，每张图片每个方向 {{bytes, number}} 字节。',
  crossesAll:
    '前向时每张图片每个方向总共过卡 {{bytes, number}} 字节，梯度原路返回同样多：一步 {{batch}} 张图片，每个方向 {{step, number(maximumFractionDigits: 1)}} MB。若每层都看两块卡会更多；论文说，与单卡上卷积核减半的网络相比，这样切分使 top-1 和 top-5 误差下降 1.7 和 1.2 个百分点。',
  atWork: '看这样一层怎么工作',
  claimed: '论文说。',
  differs: '为什么不同。',
  see: '看一看。',
  play: '重放',
  pause: '暂停',
  playOf: '重放：{{name}}',
  pauseOf: '暂停：{{name}}',
  scrub: '显示到哪一轮：{{name}}',
  epoch: '第 {{epoch}} 轮，共 {{epochs}} 轮',
  why: {
    relu: '论文用一个网络，不加正则化，为每种函数单独选学习率；这里是类似的网络，同样的 CIFAR-10，学习率由我们选：换一个，交点就会移动。次序相同。tanh 到训练结束还没有达到，所以它的倍数只是下限。',
    lrn: '论文的 CIFAR-10 数字来自另一个网络；这里是 32 像素、含论文各层的网络，训练 60 轮，各一次。方向相同，而且得益的是新图片：在学过的图片上，两个网络的错误率都是 9%。',
    pooling:
      '论文的好处在 ImageNet 上不到半个百分点，比这里偶然造成的差别还小：32 像素、60 轮、各一次，2×2 反而领先四分之一个百分点。只训练 8 轮时它落后 1.4 个百分点。',
    augmentation:
      '训练够长，就如论文所说：只训练 8 轮时，不用裁剪和镜像的网络领先；60 轮后它已经背下了 50,000 张图片（在其上错误率 0.1%，用了则是 9.1%），在新图片上落后五个百分点。改变颜色带来 0.4 个百分点，论文里多于一个，可能只是偶然。',
    dropout:
      '它确实缩小了新图片与学过的图片之间的差距，从七个百分点到五个，但拟合上的代价一样大：60 轮后不用它的网络仍领先三分之一个百分点，可能只是偶然。裁剪和镜像已经让过拟合所剩无几，而这个网络只有五十万个权重，论文的有六千万。',
    depth:
      '论文去掉的是自己网络的层；这里用 LeNet-5 代表浅网络，它的卷积核也更少。差距既来自深度，也来自宽度。',
  },
  seeAt: {
    relu: '导览里有这个函数和它的斜率；上面的比赛是实时的。',
    lrn: '导览里有归一化后的特征图。',
    pooling: '导览里池化窗口在滑动。',
    augmentation: '导览里一张图片被重新裁剪。',
    dropout: '导览里看关掉一半单元的答案。',
    depth: '导览里 LeNet-5 在工作。',
  },
}
