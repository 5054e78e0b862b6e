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
    lrn: '论文训练到底；这里是 32 像素、含论文各层的网络，只训练 8 轮。方向相同，幅度更小，与各次训练之间的偏差差不多大。',
    pooling:
      '论文的数字来自 ImageNet，训练 90 轮；这里是 32 像素、8 轮，不重叠的池化在小特征图上可能丢得更多。方向相同；各三次训练还是太少。',
    augmentation:
      '裁剪和镜像用来对付过拟合，而 8 轮还到不了过拟合：在这里代价大于收益，不用它们的训练领先。论文里改变颜色的好处来自在照片上的长时间训练。',
    dropout:
      '正如论文所说，dropout 使收敛所需步数大约翻倍，而这些训练 8 轮就结束，还没到过拟合：不用它反而领先。论文说的是长时间训练，这里没有检验。',
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
